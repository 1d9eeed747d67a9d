import {
  defineOptions,
  disposeModel,
  listParameters,
  numberOption,
  seed,
  type Model,
  type NodeFileEdge,
} from "@filigree/core";
import { nonsenseTask } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  compareWithControls,
  definePruner,
  evaluateCircuit,
  runControls,
  untrainedModel,
  type ControlRun,
  type PrunerContext,
} from "../../src/index.ts";
import { gatesOf, lookingPruner } from "../looking-pruner.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";
import { denseOf } from "./naive-ablation.ts";

const task = plantedTask();
let model: Model;
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

/** Knows the planted circuit, and takes all other nodes in forward order. */
const knowing = definePruner({
  name: "knowing",
  version: "1.0.0",
  about: "ranks what was planted first",
  apiVersion: 1,
  options: defineOptions({ bonus: numberOption({ about: "score of what was planted", default: 1 }) }),
  score: (ctx, { bonus }) =>
    new Map(
      [...ctx.sites].map(([site, width]) => [
        site,
        Float32Array.from({ length: width }, (_, c) => (PLANTED_NODES.includes(`${site}.${c}` as never) ? bonus : 0)),
      ]),
    ),
});

describe("untrainedModel", () => {
  test("keeps zeros and the scale of every parameter, and nothing else", () => {
    const untrained = untrainedModel(model, seed(1));
    const again = untrainedModel(model, seed(1));
    const other = untrainedModel(model, seed(2));
    for (const { name, shape } of listParameters(model.config)) {
      if (!model.parameters.has(name)) continue;
      const [was, is] = [denseOf(model, name), denseOf(untrained, name)];
      expect(is.map((value) => Number(value === 0))).toEqual(was.map((value) => Number(value === 0)));
      expect(denseOf(again, name)).toEqual(is);
      const values = [was, is].map((some) => some.filter((value) => value !== 0));
      const size = values[0]!.length;
      if (size < 40 || shape.length < 2) continue;
      expect(is).not.toEqual(was);
      expect(denseOf(other, name)).not.toEqual(is);
      const moments = values.map((some) => {
        const mean = some.reduce((sum, value) => sum + value, 0) / size;
        return [mean, Math.sqrt(some.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size)] as const;
      });
      const [[mean, deviation], [newMean, newDeviation]] = moments as [
        readonly [number, number],
        readonly [number, number],
      ];
      expect(Math.abs(newMean - mean)).toBeLessThan((4 * deviation) / Math.sqrt(size));
      expect(Math.abs(newDeviation / deviation - 1)).toBeLessThan(4 / Math.sqrt(size));
    }
    expect(untrained.hash).toBe(again.hash);
    expect(new Set([model.hash, untrained.hash, other.hash]).size).toBe(3);
    for (const one of [untrained, again, other]) disposeModel(one);
  });
});

describe("runControls", () => {
  const settings = { seed: seed(1), pruner: knowing, target: 0.15 };

  test("prunes where there is nothing to find, whatever the model's own loss there", async () => {
    const before = tf.memory().numTensors;
    const seen = new Set<string>();
    const runs = await runControls(model, task, { ...settings, onProgress: (control) => void seen.add(control) });
    expect(tf.memory().numTensors).toBe(before);
    expect(runs.map(({ control }) => control)).toEqual(["nonsense", "untrained"]);
    expect([...seen]).toEqual(["nonsense", "untrained"]);
    for (const { reached, dev, test } of runs) {
      expect(reached).toBe(false);
      expect(Math.min(dev, test)).toBeGreaterThan(0.15);
    }
    // The ranking goes on until all nodes are in, and that is the whole model on the nonsense task.
    const nonsense = nonsenseTask(task, { tokenizer: undefined, ...model.config }, seed(1));
    const { model: whole } = evaluateCircuit(model, nonsense, { nodes: PLANTED_NODES });
    expect(runs[0]!.dev).toBeCloseTo(whole.dev.loss, 6);
    expect(await runControls(model, task, settings)).toEqual(runs);
  });

  test("keeps the pruner's options, the ablation and the budget", async () => {
    const lazy = { ...settings, options: { bonus: 0 }, ablation: "zero" } as const;
    const bare = { ...model, means: new Map() };
    await expect(runControls(bare, task, lazy)).resolves.toHaveLength(2);
    await expect(runControls(model, task, { ...settings, options: { bonnus: 0 } })).rejects.toThrow(/bonus/u);
    // As many measurements as the bisection of a few hundred nodes takes are not to be had for 400 sequences.
    const [short] = await runControls(model, task, { ...settings, budget: 400 });
    const steps = async (budget: number) => {
      let taken = 0;
      await runControls(model, task, { ...settings, budget, onProgress: () => void taken++ });
      return taken;
    };
    expect(short!.reached).toBe(false);
    expect(await steps(400)).toBeLessThan(await steps(100_000));
  });

  test("tell a search that was over from one that its budget ended", async () => {
    const unlimited = await runControls(model, task, settings);
    expect(unlimited.map(({ complete }) => complete)).toEqual([true, true]);
    const enough = await runControls(model, task, { ...settings, budget: 1_600 });
    expect(enough).toEqual(unlimited);
    const starved = await runControls(model, task, { ...settings, budget: 400 });
    expect(starved.map(({ complete }) => complete)).toEqual([false, false]);
  });

  test("are not taken in by a pruner that plans for its budget, or that goes on without what it was refused", async () => {
    // Three measurements, of 80 sequences each.
    const measure = (ctx: PrunerContext) => [1, 2, 3].forEach(() => ctx.loss(gatesOf(ctx, () => 1)));
    const planner = lookingPruner((ctx) => void (ctx.budget.total >= 240 && measure(ctx)));
    const stubborn = lookingPruner((ctx) => {
      try {
        measure(ctx);
      } catch {
        // As if nothing had been.
      }
    });
    for (const pruner of [planner, stubborn]) {
      const complete = async (budget: number) =>
        (await runControls(model, task, { ...settings, pruner, budget })).map((run) => run.complete);
      expect(await complete(160)).toEqual([false, false]);
      expect(await complete(240)).toEqual([true, true]);
    }
  });

  test("need no node where the target asks for nothing", async () => {
    const runs = await runControls(model, task, { ...settings, target: 20 });
    for (const { nodes, edges, reached } of runs) expect([nodes, edges, reached]).toEqual([0, 0, true]);
  });

  test("of a task of numbers prunes the untrained model alone", async () => {
    const examples = task.examples.map((example) => ({
      ...example,
      answer: example.answer === 13 ? 1 : -1,
    }));
    const numeric = { ...task, numeric: true, answers: [], examples };
    const runs = await runControls(model, numeric, { ...settings, target: 0.01 });
    expect(runs.map(({ control }) => control)).toEqual(["untrained"]);
  });
});

describe("compareWithControls", () => {
  const edges: NodeFileEdge[] = [];
  const circuit = {
    evaluation: { nodes: 10, edges: [...edges, ...Array.from({ length: 8 }, () => ({}) as NodeFileEdge)] },
    random: { circuit: 0.1, losses: Array.from({ length: 20 }, () => 0.7), asGood: 0, p: 1 / 21, n: 40 },
  } as unknown as Parameters<typeof compareWithControls>[0];
  const run = (changes: Partial<ControlRun>): ControlRun => ({
    control: "nonsense",
    nodes: 100,
    edges: 90,
    dev: 0.1,
    test: 0.1,
    reached: true,
    complete: true,
    ...changes,
  });

  test.each<[string, ControlRun[], boolean]>([
    ["no control run", [], true],
    ["a control that needs much more", [run({})], true],
    ["a control that never reaches the target", [run({ nodes: 5, edges: 4, reached: false })], true],
    ["a control with as few nodes", [run({ nodes: 10 })], false],
    ["a control with as few edges", [run({}), run({ control: "untrained", edges: 8 })], false],
  ])("%s", (_, runs, better) => {
    const verdict = compareWithControls(circuit, runs);
    expect(verdict.better).toBe(better);
    expect(verdict.because).toHaveLength(better ? 0 : 1);
    expect(verdict.against).toEqual(["random", ...runs.map(({ control }) => control)]);
    expect(verdict.unfinished).toEqual([]);
  });

  test("a control run that its budget ended is no control that was beaten", () => {
    const starved = run({ reached: false, complete: false });
    expect(compareWithControls(circuit, [starved, run({ control: "untrained" })])).toEqual({
      better: false,
      against: ["random", "untrained"],
      because: [],
      unfinished: ["nonsense"],
    });
    // What it had found by then counts.
    const small = run({ nodes: 4, complete: false });
    expect(compareWithControls(circuit, [small])).toMatchObject({ better: false, against: ["random", "nonsense"] });
    expect(compareWithControls(circuit, [small]).because).toHaveLength(1);
  });

  test("a random circuit that does as well", () => {
    const random = { ...circuit.random, asGood: 1, p: 2 / 21 };
    expect(compareWithControls({ ...circuit, random })).toEqual({
      better: false,
      against: ["random"],
      because: ["1 of 20 random circuits of its size are as good"],
      unfinished: [],
    });
  });
});
