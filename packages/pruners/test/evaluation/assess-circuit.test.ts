import {
  disposeModel,
  InputError,
  nodeId,
  nodeSites,
  randomStream,
  seed,
  siteWidth,
  type Model,
  type NodeId,
} from "@filigree/core";
import type { Example } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assessCircuit, compareWithControls, evaluateCircuit, type CircuitAssessment } from "../../src/index.ts";
import { ablationOf } from "../../src/masking/ablation.ts";
import { naiveLogits } from "../naive-circuit.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";
import { lossOf, mean, naiveMargin, showDonor, showMean, showZero, withoutEdges, type Show } from "./naive-ablation.ts";

const task = plantedTask();
const tests = task.examples.filter(({ split }) => split === "test");
let model: Model;
let everything: NodeId[];
let planted: CircuitAssessment;

beforeAll(async () => {
  model = await plantedModel();
  everything = nodeSites(model.config).flatMap((site) =>
    Array.from({ length: siteWidth(model.config, site) }, (_, channel) => nodeId(site, channel)),
  );
  planted = await assessCircuit(model, task, { nodes: PLANTED_NODES }, { seed: seed(1), examples: 160 });
});
afterAll(() => disposeModel(model));

/** Margins of the test split with all nodes but some ablated. */
function margins(nodes: readonly NodeId[], show: (example: Example) => Show): number[] {
  return tests.map((example) => naiveMargin(model, task, nodes, example, show(example)));
}

describe("assessCircuit", () => {
  test.each(["mean", "zero", "resample"] as const)("measures faithfulness under %s ablation", (kind) => {
    const shown = ablationOf("resample", task, "test", seed(1));
    const donors = shown.kind === "resample" ? shown.donors : new Map<Example, Example>();
    const show = {
      mean: () => showMean(model),
      zero: () => showZero,
      resample: (example: Example) => showDonor(model, example, donors.get(example)!),
    }[kind];
    const [own, none, all] = [PLANTED_NODES, [], everything].map((nodes) => margins(nodes, show));
    const { margin, loss } = planted.faithfulness[kind]!;
    expect(margin!.estimate).toBeCloseTo((mean(own!) - mean(none!)) / (mean(all!) - mean(none!)), 4);
    expect(loss.estimate).toBeCloseTo((lossOf(none!) - lossOf(own!)) / (lossOf(none!) - lossOf(all!)), 4);
    for (const { low, estimate, high, n } of [margin!, loss]) {
      expect(low).toBeLessThanOrEqual(estimate);
      expect(high).toBeGreaterThanOrEqual(estimate);
      expect(n).toBe(tests.length);
    }
  });

  test("finds that the model cannot do without the planted circuit, and hardly anything with it alone missing", () => {
    const rest = margins(
      everything.filter((node) => !PLANTED_NODES.includes(node)),
      () => showMean(model),
    );
    expect(planted.without.loss.estimate).toBeCloseTo(lossOf(rest), 4);
    expect(planted.without.loss.estimate).toBeGreaterThan(0.5);
    expect(planted.without.faithfulness.margin!.high).toBeLessThan(0.2);
    expect(planted.faithfulness.mean!.margin!.low).toBeGreaterThan(0.5);
  });

  test("of the whole model is as faithful as can be, and no better than a random circuit of its size: itself", async () => {
    const whole = await assessCircuit(model, task, { nodes: everything }, { seed: seed(1), draws: 5, edges: 0 });
    for (const { margin, loss } of Object.values(whole.faithfulness)) {
      for (const value of [margin!.estimate, margin!.low, margin!.high, loss.estimate]) expect(value).toBeCloseTo(1, 6);
    }
    expect(whole.random).toMatchObject({ asGood: 5, p: 1 });
    expect(compareWithControls(whole)).toEqual({
      better: false,
      against: ["random"],
      because: ["5 of 5 random circuits of its size are as good"],
      unfinished: [],
    });
  });

  test("cuts each edge alone, and compares with the slope of the loss", () => {
    const { edges, of, n, pearson } = planted.edgeEffects;
    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(
      planted.evaluation.edges.map(({ from, to }) => `${from} ${to}`),
    );
    expect([of, n]).toEqual([edges.length, tests.length]);
    expect(edges.length).toBeGreaterThanOrEqual(4);
    const naive = (share: number, edge: (typeof edges)[number]) => {
      const cut = withoutEdges(model, [edge], "mean", share);
      const show = () => showMean(model);
      const loss = lossOf(tests.map((example) => naiveMargin(cut, task, PLANTED_NODES, example, show())));
      cut.parameters.dispose();
      return loss;
    };
    const base = lossOf(margins(PLANTED_NODES, () => showMean(model)));
    for (const edge of edges) {
      expect(edge.effect).toBeCloseTo(naive(1, edge) - base, 4);
      const slope = (naive(0.01, edge) - naive(-0.01, edge)) / 0.02;
      expect(Math.abs(edge.predicted - slope)).toBeLessThan(1e-3 + 0.02 * Math.abs(slope));
    }
    const [x, y] = [edges.map(({ predicted }) => predicted), edges.map(({ effect }) => effect)];
    const covariance = (a: number[], b: number[]) => mean(a.map((v, i) => (v - mean(a)) * (b[i]! - mean(b))));
    expect(pearson).toBeCloseTo(covariance(x, y) / Math.sqrt(covariance(x, x) * covariance(y, y)), 6);
  });

  test("takes a circuit's edges where they are given, with the model's weights", async () => {
    const all = planted.evaluation.edges;
    const gone = all.filter(({ from }) => from.startsWith("0.attn.v"));
    const left = all.filter((edge) => !gone.includes(edge)).map((edge) => ({ ...edge, weight: 99 }));
    const circuit = { nodes: PLANTED_NODES, edges: left };
    const { evaluation, loss, without } = await assessCircuit(model, task, circuit, { seed: seed(1), draws: 1 });
    expect(evaluation.edges).toEqual(all.filter((edge) => !gone.includes(edge)));
    const cut = withoutEdges(model, gone, "mean");
    const own = tests.map((example) => naiveMargin(cut, task, PLANTED_NODES, example, showMean(model)));
    expect(loss.estimate).toBeCloseTo(lossOf(own), 4);
    expect(evaluation.uncalibrated.test.loss).toBeCloseTo(lossOf(own), 4);
    const rest = withoutEdges(model, left, "mean");
    const others = tests.map((example) => naiveMargin(rest, task, everything, example, showMean(model)));
    expect(without.loss.estimate).toBeCloseTo(lossOf(others), 4);
    for (const { parameters } of [cut, rest]) parameters.dispose();
  });

  test("compares with random circuits of the same size, the same for the same seed", async () => {
    const { random } = planted;
    expect(random.losses).toHaveLength(20);
    expect(random).toMatchObject({ asGood: 0, p: 1 / 21, n: tests.length });
    // All test and dev examples are few enough to be taken.
    expect(random.circuit).toBeCloseTo(planted.evaluation.calibrated.test.loss, 6);
    expect(Math.min(...random.losses)).toBeGreaterThan(random.circuit);
    expect(compareWithControls(planted)).toEqual({ better: true, against: ["random"], because: [], unfinished: [] });
    const assess = (n: number) => assessCircuit(model, task, { nodes: PLANTED_NODES }, { seed: seed(n), draws: 3 });
    const [again, other] = [await assess(1), await assess(2)];
    expect(again.random.losses).toEqual(random.losses.slice(0, 3));
    expect(other.random.losses).not.toEqual(again.random.losses);
  });

  test("finds nothing in nodes drawn at random", async () => {
    const random = randomStream(seed(3), "nodes");
    const nodes = random.sample(everything, 12);
    const found = await assessCircuit(model, task, { nodes }, { seed: seed(1) });
    expect(found.random.p).toBeGreaterThan(0.05);
    expect(compareWithControls(found).better).toBe(false);
    expect(found.faithfulness.mean!.margin!.estimate).toBeLessThan(0.2);
  });

  test("says what it is doing, stops when asked, and leaves no tensor behind", async () => {
    const settings = { seed: seed(1), draws: 2, edges: 2, examples: 16 };
    const seen: string[] = [];
    const onProgress = ({ what, share }: { what: string; share: number }) => {
      expect(share).toBeLessThanOrEqual(1);
      if (seen.at(-1) !== what) seen.push(what);
    };
    const before = tf.memory().numTensors;
    const { edgeEffects, random } = await assessCircuit(
      model,
      task,
      { nodes: PLANTED_NODES },
      { ...settings, onProgress },
    );
    expect(seen).toEqual(["losses", "faithfulness", "edges", "random circuits"]);
    expect([edgeEffects.edges.length, edgeEffects.of, edgeEffects.n, random.n]).toEqual([2, 4, 4, 16]);
    const controller = new AbortController();
    const stop = () => controller.abort(new Error("enough"));
    const stopped = assessCircuit(
      model,
      task,
      { nodes: PLANTED_NODES },
      { ...settings, signal: controller.signal, onProgress: ({ what }) => void (what === "edges" && stop()) },
    );
    await expect(stopped).rejects.toThrow("enough");
    expect(tf.memory().numTensors).toBe(before);
  });

  test("of a numeric task has faithfulness of the loss alone", async () => {
    const outputs = (nodes: readonly NodeId[]) =>
      task.examples.map(
        (example) => naiveLogits(model, { ...task, answers: [0, 1] }, nodes, { ...example, answer: 0 })[0],
      );
    // The right number is nearly what the whole model gives.
    const examples = outputs(everything).map((output, i) => ({ ...task.examples[i]!, answer: output + 0.01 }));
    const numeric = { ...task, numeric: true, answers: [], examples };
    const half = everything.filter((_, i) => i % 8 !== 0);
    const { faithfulness } = await assessCircuit(
      model,
      numeric,
      { nodes: half },
      { seed: seed(1), draws: 1, edges: 1 },
    );
    const squared = (nodes: readonly NodeId[]) =>
      mean(
        outputs(nodes)
          .map((output, i) => (output - examples[i]!.answer) ** 2)
          .filter((_, i) => examples[i]!.split === "test"),
      );
    const ratio = (squared([]) - squared(half)) / (squared([]) - squared(everything));
    expect(faithfulness.mean!.loss.estimate).toBeCloseTo(ratio, 4);
    for (const { margin } of Object.values(faithfulness)) expect(margin).toBeUndefined();
  });

  test("refuses an empty circuit, a node and an edge that the model lacks", async () => {
    const assess = (nodes: string[], edges?: [string, string][]) =>
      assessCircuit(
        model,
        task,
        {
          nodes: nodes as NodeId[],
          ...(edges && { edges: edges.map(([from, to]) => ({ from: from as NodeId, to: to as NodeId, weight: 1 })) }),
        },
        { seed: seed(1) },
      );
    await expect(assess([])).rejects.toThrow(InputError);
    await expect(assess([])).rejects.toThrow(/the circuit is empty/u);
    await expect(assess(["7.attn.q.0"])).rejects.toThrow(/no node "7.attn.q.0"/u);
    await expect(assess(["0.attn.act_in.0", "0.attn.q.1"], [["0.attn.act_in.0", "0.attn.q.1"]])).rejects.toThrow(
      /no edge from 0.attn.act_in.0 to 0.attn.q.1/u,
    );
  });

  test("does without means where only they are missing", async () => {
    const bare = { ...model, means: new Map() };
    const settings = { seed: seed(1), ablation: "zero", draws: 1, edges: 1 } as const;
    const { faithfulness, loss } = await assessCircuit(bare, task, { nodes: PLANTED_NODES }, settings);
    expect(Object.keys(faithfulness)).toEqual(["zero", "resample"]);
    const { uncalibrated } = evaluateCircuit(bare, task, { nodes: PLANTED_NODES }, { ablation: "zero" });
    expect(loss.estimate).toBeCloseTo(uncalibrated.test.loss, 6);
    await expect(assessCircuit(bare, task, { nodes: PLANTED_NODES }, { seed: seed(1) })).rejects.toThrow(/no mean/u);
  });
});
