import { disposeModel, formatNodeFile, seed, type Model } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  definePruner,
  eapIg,
  findPruner,
  pruneTask,
  PrunerError,
  type Pruner,
  type PrunerContext,
  type ScoringPruner,
} from "../../src/index.ts";
import { PLANTED_NEEDED, plantedModel, plantedTask } from "../planted-model.ts";

let model: Model;
const task = plantedTask();
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

// What every pruner should do is in @filigree/pruner-testkit, which all of these pass. Here is what is peculiar to some.

const prune = (name: string, more: object = {}) =>
  pruneTask(model, task, { seed: seed(1), pruner: findPruner(name), ...more });

test("on edges, acdc and random work too; on nodes acdc finds the needed ones", async () => {
  const { nodeFile } = await prune("acdc", { options: { over: "nodes" } });
  const kept = Object.entries(nodeFile.nodes).flatMap(([site, channels]) => channels.map((c) => `${site}.${c}`));
  expect(kept).toEqual(PLANTED_NEEDED);
  const { reached } = await prune("random", { options: { over: "edges" } });
  expect(reached).toBe(true);
});

test.each(["mean", "zero", "resample"] as const)(
  "under %s ablation a circuit is measured as it was found",
  async (ablation) => {
    const { nodeFile, evaluation, reached } = await prune("eap", { ablation });
    expect(reached).toBe(true);
    expect(nodeFile.ablation.kind).toBe(ablation);
    expect(evaluation.uncalibrated.dev.loss).toBeLessThanOrEqual(0.15);
  },
);

test("one gradient of a model that makes no mistake ranks a needed node low, and gradients on the way to it do not", async () => {
  const size = async (name: string) => (await prune(name)).evaluation.edges.length;
  expect(await size("attribution")).toBeGreaterThan(20 * (await size("eap-ig")));
});

test("eap-ig finds exactly the edges that were planted and are needed", async () => {
  const { nodeFile } = await prune("eap-ig");
  const kept = Object.entries(nodeFile.nodes).flatMap(([site, channels]) => channels.map((c) => `${site}.${c}`));
  expect(kept).toEqual(PLANTED_NEEDED);
  expect(nodeFile.edges).toHaveLength(3);
});

test("integrated gradients of edges add up to what ablation costs", async () => {
  // Smooth, and with many steps.
  const smooth: Model = { ...model, config: { ...model.config, afrac: null } };
  let sum = 0;
  let difference = 0;
  const added: ScoringPruner = definePruner({
    ...eapIg,
    name: "added",
    async score(ctx: PrunerContext) {
      const scores = (await eapIg.score(ctx, { steps: 50, score: "rise" })) as Float32Array;
      sum = scores.reduce((total, score) => total + score, 0);
      const every = (gate: number) => new Float32Array(scores.length).fill(gate);
      // Just above 0: with all edges cut the nodes themselves would be ablated.
      difference = ctx.loss(every(1e-6)) - ctx.loss(every(1));
      return scores;
    },
  });
  await pruneTask(smooth, task, { seed: seed(1), pruner: added as Pruner });
  expect(difference).toBeGreaterThan(0.3);
  expect(Math.abs(sum - difference)).toBeLessThan(0.02 * difference);
});

test("a scoring pruner is held to one score for everything", async () => {
  const scoring = (score: ScoringPruner["score"]) =>
    pruneTask(model, task, { seed: seed(1), pruner: definePruner({ ...eapIg, name: "scoring", score }) });
  await expect(scoring(() => new Map())).rejects.toThrow(/gives no scores for 0.attn.act_in/u);
  await expect(scoring(() => new Float32Array(3))).rejects.toThrow(/gives 3 gates for the \d+ edges/u);
  await expect(scoring((ctx) => new Float32Array(ctx.graph.edgeCount).fill(NaN))).rejects.toThrow(PrunerError);
});

test("of equal scores the earlier node is kept first, and the bytes are the same again", async () => {
  const equal = definePruner({
    ...eapIg,
    name: "equal",
    score: (ctx: PrunerContext) => new Map([...ctx.sites].map(([site, width]) => [site, new Float32Array(width)])),
  });
  const run = () => pruneTask(model, task, { seed: seed(1), pruner: equal });
  const [one, two] = [await run(), await run()];
  expect(formatNodeFile(one.nodeFile)).toBe(formatNodeFile(two.nodeFile));
  const channels = Object.values(one.nodeFile.nodes)[0]!;
  expect(channels).toEqual(channels.map((_, i) => i));
});
