import {
  defineOptions,
  disposeModel,
  nodeSites,
  randomStream,
  seed,
  siteWidth,
  type Model,
  type NodeMask,
} from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  assessCircuit,
  BudgetError,
  definePruner,
  evaluateCircuit,
  findPruner,
  measureScoreCurve,
  scoreTask,
  STANDARD_FRACTIONS,
  type EdgeMask,
} from "../../src/index.ts";
import { readGraph, nodeNames } from "../../src/circuit/model-graph.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";

const task = plantedTask();
let model: Model;
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

/** One score a node of the model. */
function nodeScores(score: (node: string) => number): NodeMask {
  return new Map(
    nodeSites(model.config).map((site) => [
      site,
      Float32Array.from({ length: siteWidth(model.config, site) }, (_, channel) => score(`${site}.${channel}`)),
    ]),
  );
}

/** The area under straight lines, in steps so fine that it hardly matters how they are summed. */
function numericArea(height: (i: number, t: number) => number): number {
  let area = 0;
  for (let i = 1; i < STANDARD_FRACTIONS.length; i++) {
    const width = STANDARD_FRACTIONS[i]! - STANDARD_FRACTIONS[i - 1]!;
    for (let k = 0; k < 1000; k++) area += (width / 1000) * height(i, (k + 0.5) / 1000);
  }
  return area;
}

test("a ranking that knows the circuit is better than one that knows nothing", async () => {
  const oracle = nodeScores((node) => Number(PLANTED_NODES.includes(node as never)));
  const stream = randomStream(seed(5), "scores");
  const blind = nodeScores(() => stream.uniform());
  const [known, unknown] = [await measureScoreCurve(model, task, oracle), await measureScoreCurve(model, task, blind)];
  const total = [...oracle.values()].reduce((sum, { length }) => sum + length, 0);
  expect(known.over).toBe("nodes");
  expect(known.points.map(({ count }) => count)).toEqual(STANDARD_FRACTIONS.map((share) => Math.floor(share * total)));
  const at = (curve: typeof known) => curve.points.map(({ faithfulness }) => faithfulness.margin!.estimate);
  expect(at(known)[0]).toBe(0); // no node at all
  expect(at(known).at(-1)).toBe(1);
  expect(at(known)[5]).toBeGreaterThan(0.8); // 16 nodes, the seven planted ones among them
  expect(known.cpr).toBeGreaterThan(unknown.cpr + 0.2);
  expect(known.cmd).toBeLessThan(unknown.cmd - 0.2);
  for (const curve of [known, unknown]) {
    const values = at(curve);
    const line = (ys: number[], i: number, t: number) => ys[i - 1]! + t * (ys[i]! - ys[i - 1]!);
    expect(curve.cpr).toBeCloseTo(
      numericArea((i, t) => line(values, i, t)),
      6,
    );
    const distances = values.map((value) => Math.abs(1 - value));
    expect(curve.cmd).toBeCloseTo(
      numericArea((i, t) => line(distances, i, t)),
      6,
    );
  }
});

test("a point is the circuit of the highest scores, equal ones in forward order", async () => {
  const { config } = model;
  const scores = nodeScores((node) =>
    Number(node.startsWith("0.attn.act_in") || PLANTED_NODES.includes(node as never)),
  );
  const settings = { fractions: [0.03, 0.5], seed: seed(1), ablation: "zero" } as const;
  const { points } = await measureScoreCurve(model, task, scores, settings);
  const count = Math.floor(0.03 * readGraph(model).nodeCount);
  const nodes = nodeNames(readGraph(model))
    .filter((node) => node.startsWith("0.attn.act_in"))
    .slice(0, count);
  expect(points[0]!.count).toBe(nodes.length);
  expect(nodes.length).toBeLessThan(config.dModel);
  const { faithfulness } = await assessCircuit(model, task, { nodes }, { seed: seed(1), draws: 0, edges: 0 });
  expect(points[0]!.faithfulness).toEqual(faithfulness.zero);
});

test("takes the scores of a pruner that scores", async () => {
  const settings = { seed: seed(1), pruner: findPruner("attribution") };
  const faithfulness = async (name: string) => {
    const scores = await scoreTask(model, task, { ...settings, pruner: findPruner(name) });
    const { points } = await measureScoreCurve(model, task, scores, { fractions: [0.05, 1] });
    return points[0]!.faithfulness.margin!.estimate;
  };
  expect(await faithfulness("attribution")).toBeGreaterThan((await faithfulness("random")) + 0.2);
  await expect(scoreTask(model, task, { ...settings, pruner: findPruner("learned-mask") })).rejects.toThrow(
    /learned-mask finds a circuit step by step and gives no scores/u,
  );
  await expect(scoreTask(model, task, { ...settings, budget: 1 })).rejects.toThrow(BudgetError);
  const broken = definePruner({
    name: "broken",
    version: "1.0.0",
    about: "throws",
    apiVersion: 1 as const,
    options: defineOptions({}),
    score: () => {
      throw new Error("oh no");
    },
  });
  await expect(scoreTask(model, task, { ...settings, pruner: broken })).rejects.toThrow(/failed in score: oh no/u);
});

test("ranks edges too", async () => {
  const graph = readGraph(model);
  const names = nodeNames(graph);
  const { edges } = evaluateCircuit(model, task, { nodes: PLANTED_NODES });
  const own = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  const scores: EdgeMask = Float32Array.from({ length: graph.edgeCount }, (_, e) =>
    Number(own.has(`${names[graph.from[e]!]} ${names[graph.to[e]!]}`)),
  );
  const settings = { fractions: [edges.length / graph.edgeCount + 1e-9, 1], seed: seed(1) };
  const curve = await measureScoreCurve(model, task, scores, settings);
  const { faithfulness } = await assessCircuit(
    model,
    task,
    { nodes: PLANTED_NODES, edges },
    { seed: seed(1), draws: 0, edges: 0 },
  );
  expect(curve.over).toBe("edges");
  expect(curve.points[0]!.count).toBe(edges.length);
  expect(curve.points[0]!.faithfulness).toEqual(faithfulness.mean);
  expect(curve.points[1]!.faithfulness.margin!.estimate).toBe(1);
});

test("reports where it is and leaves no tensor behind", async () => {
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const settings = { fractions: [0.1, 1], onPoint: (done: number, total: number) => void seen.push(done / total) };
  await measureScoreCurve(
    model,
    task,
    nodeScores(() => 0),
    settings,
  );
  expect(seen).toEqual([0, 0.25, 0.5, 0.75]);
  expect(tf.memory().numTensors).toBe(before);
});
