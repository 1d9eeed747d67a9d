import { defineOptions } from "@filigree/core";
import {
  definePruner,
  findPruner,
  type PrunerContext,
  type ScoringPruner,
  type SteppingPruner,
} from "@filigree/pruners";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { prunerCases, type PrunerExpectations } from "../src/index.ts";

const sound = findPruner("attribution") as ScoringPruner;

const everything = ({ sites }: PrunerContext) =>
  new Map([...sites].map(([site, width]) => [site, new Float32Array(width).fill(1)]));

/** Counts to three, and keeps everything. */
const counting: SteppingPruner<unknown, { readonly count: number }> = {
  name: "counting",
  version: "1.0.0",
  about: "counts",
  apiVersion: 1,
  options: defineOptions({}),
  init: () => ({ count: 0 }),
  step: (_, __, { count }) => ({ state: { count: count + 1 }, done: count === 2, progress: count / 3 }),
  finish: everything,
};

const scoring = (change: Partial<ScoringPruner>) => definePruner({ ...sound, name: "faulty", ...change });
const stepping = (change: Partial<SteppingPruner<unknown, never>>) =>
  definePruner({ ...(counting as SteppingPruner<unknown, never>), name: "faulty", ...change });

/** Runs the case whose name begins so. */
function run(name: string, pruner: Parameters<typeof prunerCases>[0], expectations: PrunerExpectations = {}) {
  return prunerCases(pruner, { auc: 0.75, excess: 12, ...expectations })
    .find((one) => one.name.startsWith(name))!
    .run();
}

test("an object that is not frozen is found out", async () => {
  await expect(run("fulfils", { ...sound })).rejects.toThrow(/not frozen/u);
});

test("a pruner that takes any option is found out", async () => {
  const options = { "~standard": { version: 1 as const, vendor: "faulty", validate: (value: unknown) => ({ value }) } };
  await expect(run("takes", scoring({ options }))).rejects.toThrow(/takes the options \{"no such option":1\}/u);
  await expect(run("takes", sound, { refuses: [{}] })).rejects.toThrow(/takes the options \{\}/u);
});

test("a pruner whose circuit misses the target, or is empty, is found out", async () => {
  const half = stepping({ finish: ({ sites }) => new Map([[[...sites.keys()][0]!, new Float32Array(28).fill(1)]]) });
  await expect(run("ends", half)).rejects.toThrow(/under mean ablation its circuit misses the target/u);
  await expect(run("ends", stepping({ finish: () => new Map() }))).rejects.toThrow(/its circuit is empty/u);
});

test("a pruner that draws from elsewhere, or remembers outside its state, is found out", async () => {
  const score: ScoringPruner["score"] = ({ sites }) =>
    new Map([...sites].map(([site, width]) => [site, Float32Array.from({ length: width }, () => Math.random())]));
  await expect(run("finds the same", scoring({ score }))).rejects.toThrow(/two runs of one seed differ/u);
  let steps = 0;
  const forgetful = stepping({
    init: () => ((steps = 0), { count: 0 }) as never,
    step: () => ({ state: { count: ++steps } as never, done: steps >= 3, progress: 0 }),
  });
  await expect(run("goes on", forgetful)).rejects.toThrow(/after an interruption at step 1: state must be all/u);
});

test("a state that is changed in place, is no plain data or grows is found out", async () => {
  const step = (_: unknown, __: unknown, state: { count: number }) => {
    state.count++;
    return { state, done: state.count === 3, progress: 0 };
  };
  await expect(run("keeps its state", stepping({ step: step as never }))).rejects.toThrow(/changes the state/u);
  const map = stepping({ init: () => ({ count: 0, seen: new Map() }) as never });
  await expect(run("keeps its state", map)).rejects.toThrow(/not what JSON makes of it/u);
  const growing = stepping({
    init: () => [] as never,
    step: (_, __, state: number[]) => {
      const next = [...state, ...new Float32Array(9999)];
      return { state: next as never, done: next.length > 80_000, progress: 0 };
    },
  });
  await expect(run("keeps no memory", growing)).rejects.toThrow(/the state grows with every step/u);
});

test("a pruner that spends more than its budget, or leaves tensors, is found out", async () => {
  const score: ScoringPruner["score"] = (ctx) => {
    for (let i = 0; i < 20; i++) ctx.loss(everything(ctx));
    return everything(ctx);
  };
  await expect(run("keeps its budget", scoring({ score }))).rejects.toThrow(/more work than its budget/u);
  const leaky = stepping({ finish: (ctx) => (tf.keep(tf.scalar(1)), everything(ctx)) });
  await expect(run("keeps no memory", leaky)).rejects.toThrow(/tensors are left over/u);
});

test("a pruner that finds nothing is found out", async () => {
  const backwards: ScoringPruner["score"] = async (ctx, options) => {
    const scores = await sound.score(ctx, options);
    return new Map([...(scores as Map<never, Float32Array>)].map(([site, some]) => [site, some.map((x) => -x)]));
  };
  await expect(run("finds planted", scoring({ score: backwards }))).rejects.toThrow(/area under its ROC curve/u);
  await expect(run("finds planted", definePruner(counting), { auc: 0 })).rejects.toThrow(/times as many nodes as/u);
  const keepsAll = definePruner(counting);
  await expect(run("does better", keepsAll)).rejects.toThrow(/that of a random circuit of the same size/u);
});

test("controls are spared what only a method can do", () => {
  const names = (control?: true) => prunerCases(sound, control ? { control } : {}).map(({ name }) => name);
  expect(names()).toHaveLength(11);
  expect(names(true)).toHaveLength(8);
});
