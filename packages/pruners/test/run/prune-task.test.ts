import { disposeModel, InputError, seed, type Model, type NodeMask } from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pruneTask, PrunerError, type PruneCheckpoint, type Pruner, type PrunerContext } from "../../src/index.ts";
import { naiveLogits, naiveLoss } from "../naive-circuit.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";
import { gatesOf, lookingPruner } from "../looking-pruner.ts";

let model: Model;
const task = plantedTask();
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

const run = (pruner: Pruner, more: object = {}) => pruneTask(model, task, { seed: seed(1), pruner, ...more });

describe("what a pruner gets", () => {
  test("the dev loss of a mask, as the naive evaluation has it", async () => {
    const dev = task.examples.filter(({ split }) => split === "dev");
    const naive = naiveLoss(dev.map((example) => naiveLogits(model, task, PLANTED_NODES, example)));
    const planted = new Set<string>(PLANTED_NODES);
    let loss = Number.NaN;
    await run(
      lookingPruner((ctx) => {
        const mask = new Map(
          [...ctx.sites].map(([site, width]) => [
            site,
            Float32Array.from({ length: width }, (_, c) => Number(planted.has(`${site}.${c}`))),
          ]),
        );
        loss = ctx.loss(mask);
        expect(ctx.gradient(mask).loss).toBeCloseTo(loss, 5);
        expect(ctx.pairs).toBe(40);
        expect(ctx.edges(mask)).toHaveLength(4);
      }),
    );
    expect(loss).toBeCloseTo(naive, 5);
  });

  test("a loss over pairs that averages to the loss over all", async () => {
    expect.assertions(1);
    await run(
      lookingPruner((ctx) => {
        const mask = gatesOf(ctx, (place) => Number(place % 3 === 0));
        const one = Array.from({ length: ctx.pairs }, (_, pair) => ctx.loss(mask, [pair]));
        expect(one.reduce((a, b) => a + b) / ctx.pairs).toBeCloseTo(ctx.loss(mask), 5);
      }),
    );
  });

  test("the gradient with respect to the gates: finite differences agree", async () => {
    // AbsTopK makes the loss jump where the selection changes: without it it is smooth.
    const smooth: Model = { ...model, config: { ...model.config, afrac: null } };
    const compared: [number, number][] = [];
    const look = lookingPruner((ctx) => {
      const random = ctx.random("gates");
      const gates = gatesOf(ctx, () => 0.3 + 0.6 * random.uniform());
      const pairs = [0, 3, 5, 8];
      const { gradient } = ctx.gradient(gates, pairs);
      for (const [site, values] of gates) {
        const slopes = [...gradient.get(site)!];
        const steepest = slopes.indexOf(slopes.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)));
        const at = (change: number) =>
          ctx.loss(
            new Map(gates).set(
              site,
              values.map((v, c) => (c === steepest ? v + change : v)),
            ),
            pairs,
          );
        compared.push([slopes[steepest]!, (at(0.02) - at(-0.02)) / 0.04]);
      }
    });
    await pruneTask(smooth, task, { seed: seed(1), pruner: look });
    expect(compared).toHaveLength(16);
    expect(Math.max(...compared.map(([slope]) => Math.abs(slope)))).toBeGreaterThan(0.01);
    for (const [slope, difference] of compared)
      expect(Math.abs(slope - difference)).toBeLessThan(2e-4 + 0.02 * Math.abs(slope));
  });

  test("random streams that depend on seed and name alone", async () => {
    const draws: number[] = [];
    const look = lookingPruner((ctx) => void draws.push(ctx.random("a").uniform(), ctx.random("b").uniform()));
    await run(look);
    await run(look);
    await run(look, { seed: seed(2) });
    expect(draws.slice(0, 2)).toEqual(draws.slice(2, 4));
    expect(new Set(draws).size).toBe(4);
  });

  test("a budget that counts its work and ends it", async () => {
    await run(
      lookingPruner((ctx) => {
        const mask = gatesOf(ctx, () => 1);
        expect(ctx.budget).toEqual({ total: 1000, used: 0 });
        ctx.loss(mask, [0, 1]);
        expect(ctx.budget.used).toBe(4);
        ctx.gradient(mask, [0]);
        expect(ctx.budget.used).toBe(10);
        ctx.loss(mask);
        expect(ctx.budget.used).toBe(90);
      }),
      { budget: 1000 },
    );
    const spender = lookingPruner((ctx) => void ctx.loss(gatesOf(ctx, () => 1)));
    await expect(run(spender, { budget: 79 })).rejects.toThrow(/more work than its budget of 79/u);
    await expect(run(spender, { budget: 79 })).rejects.toThrow(InputError);
    await expect(run(spender, { budget: 80 })).resolves.toBeDefined();
  });
});

describe("a run", () => {
  test("reports progress with what the pruner logged", async () => {
    const reports: unknown[] = [];
    const counter = lookingPruner(() => undefined, {
      init: () => 0,
      step: (ctx, _, state) => {
        const n = (state as number) + 1;
        ctx.log({ n });
        return { state: n, done: n === 3, progress: n / 3 };
      },
    });
    await run(counter, {
      onProgress: ({ steps, figures }: { steps: number; figures: unknown }) => reports.push({ steps, figures }),
    });
    expect(reports).toEqual([1, 2, 3].map((n) => ({ steps: n, figures: { n } })));
  });

  test("reports what a pruner throws as that pruner's error, with its stack", async () => {
    const original = new Error("oh no");
    for (const name of ["init", "step", "finish"] as const) {
      const broken = lookingPruner(() => undefined, {
        [name]: () => {
          throw original;
        },
      });
      const error: unknown = await run(broken).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(PrunerError);
      expect((error as PrunerError).message).toBe(`The pruner look@1.0.0 failed in ${name}: oh no`);
      expect((error as PrunerError).cause).toBe(original);
    }
  });

  test.each<[string, (ctx: PrunerContext) => NodeMask, RegExp]>([
    ["a site that is no node site", () => new Map([["0.attn.y" as never, new Float32Array(12)]]), /masks "0.attn.y"/u],
    ["too few gates", () => new Map([["0.attn.q" as never, new Float32Array(3)]]), /3 gates for the 12 channels/u],
    ["a gate that is no number", (ctx) => gatesOf(ctx, () => Number.NaN), /not a number/u],
    ["a gate between 0 and 1", (ctx) => gatesOf(ctx, () => 0.5), /ends with a gate of 0.5/u],
  ])("refuses a result with %s", async (_, finish, message) => {
    const refused = run(lookingPruner(() => undefined, { finish }));
    await expect(refused).rejects.toThrow(PrunerError);
    await expect(refused).rejects.toThrow(message);
  });

  test("refuses a target that the model itself misses, before the pruner starts", async () => {
    const never = lookingPruner(() => expect.unreachable());
    const refused = run(never, { target: 1e-6 });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/the whole model has a loss of/u);
    await expect(run(never, { target: -1 })).rejects.toThrow(/-1 is not a target loss/u);
  });

  test("refuses a model without means", async () => {
    const bare = { ...model, means: new Map() };
    await expect(pruneTask(bare, task, { seed: seed(1) })).rejects.toThrow(/no mean of the site/u);
  });

  test("refuses a saved run that is damaged", async () => {
    let saved: PruneCheckpoint | undefined;
    await run(
      lookingPruner(() => undefined),
      {
        onProgress: ({ checkpoint }: { checkpoint: () => PruneCheckpoint }) => (saved = checkpoint()),
      },
    );
    const resume = (changes: object) =>
      run(
        lookingPruner(() => undefined),
        { resume: { ...saved, ...changes } },
      );
    await expect(resume({})).resolves.toBeDefined();
    await expect(resume({ format: "filigree.pruning/9" })).rejects.toThrow(/not one that this version can go on with/u);
    for (const [changes, message] of [
      [{ steps: null }, /the saved pruning run: steps: null found/u],
      [{ used: "much" }, /used: the text "much" found/u],
      [{ done: 1 }, /done: no truth value found/u],
    ] as const) {
      await expect(resume(changes)).rejects.toThrow(InputError);
      await expect(resume(changes)).rejects.toThrow(message);
    }
    const { state: _, ...stateless } = saved!;
    await expect(
      run(
        lookingPruner(() => undefined),
        { resume: stateless },
      ),
    ).rejects.toThrow(/"state" is missing/u);
  });

  test("says when the circuit misses the target", async () => {
    const nothing = lookingPruner(() => undefined, { finish: (ctx) => gatesOf(ctx, () => 0) });
    const { reached, evaluation } = await run(nothing);
    expect(reached).toBe(false);
    expect(evaluation.nodes).toBe(0);
    await expect(run(lookingPruner(() => undefined))).resolves.toMatchObject({ reached: true });
  });

  test("leaves no tensor behind, whether it ends or fails", async () => {
    const work = (ctx: PrunerContext) => {
      const mask = gatesOf(ctx, (place) => Number(place % 2 === 0));
      ctx.gradient(mask);
      ctx.loss(mask);
    };
    const failing = (ctx: PrunerContext) => {
      work(ctx);
      throw new Error("stop");
    };
    await run(lookingPruner(work));
    const before = tf.memory().numTensors;
    await run(lookingPruner(work));
    await run(lookingPruner(failing)).catch(() => undefined);
    expect(tf.memory().numTensors).toBe(before);
  });
});
