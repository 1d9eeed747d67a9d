import {
  defineOptions,
  disposeModel,
  formatNodeFile,
  InputError,
  numberOption,
  seed,
  type Model,
} from "@filigree/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  acdc,
  BudgetError,
  compareRuns,
  definePruner,
  eap,
  hardConcrete,
  learnedMask,
  pruneTask,
  PrunerError,
  runTrial,
  searchOptions,
  type SearchCheckpoint,
  type SearchRange,
  type SearchSettings,
  type Trial,
  type TrialRun,
} from "../../src/index.ts";
import { gatesOf } from "../looking-pruner.ts";
import { plantedModel, plantedTask } from "../planted-model.ts";

let model: Model;
const whole = plantedTask();
/** Some pairs of each split: what matters here is which trial wins. */
const task = {
  ...whole,
  examples: [...whole.examples.slice(0, 20), ...whole.examples.slice(80, 84)].map((example, i) => ({
    ...example,
    pair: i % 2 === 0 ? i + 1 : i - 1,
  })),
};
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

/** Keeps as many nodes as its options say, more of them with little work. Fails where it is told to. */
const keeper = definePruner({
  name: "keeper",
  version: "1.0.0",
  about: "for tests",
  apiVersion: 1,
  options: defineOptions({
    share: numberOption({ about: "share of the nodes that stay", default: 0.9, most: 1 }),
    fails: numberOption({ about: "share from which on it fails", default: 2 }),
  }),
  search: { share: { from: 0.5, to: 1, scale: "linear" } },
  init: () => null,
  step: (ctx, { share, fails }) => {
    if (share > fails) throw new Error("too much");
    ctx.loss(
      new Map(),
      Array.from({ length: Math.min(ctx.pairs, Math.floor(ctx.budget.total / 2)) }, (_, i) => i),
    );
    return { state: null, done: true, progress: 1 };
  },
  finish: (ctx, { share }) => {
    const nodes = [...ctx.sites.values()].reduce((a, b) => a + b);
    return gatesOf(ctx, (node) => Number(node < share * nodes));
  },
});

const search = (more: Partial<SearchSettings> = {}) =>
  searchOptions(model, task, { seed: seed(1), pruner: keeper, trials: 4, ...more });

/** How many ran on each rung. */
function sizes(runs: readonly TrialRun[]): number[] {
  const rungs = new Set(runs.map(({ rung }) => rung));
  return [...rungs].map((rung) => runs.filter((run) => run.rung === rung).length);
}

describe("successive halving", () => {
  test.each([
    [1, [1]],
    [2, [2]],
    [3, [3]],
    [4, [3, 1 + 1]],
    [10, [9, 3, 1 + 1]],
    [20, [19, 6, 2 + 1]],
  ])("of %i trials so many run on each rung, the given options on the last", async (trials, expected) => {
    const { runs } = await search({ trials, budget: 9_000 });
    expect(sizes(runs)).toEqual(expected);
    const budgets = expected.map((_, rung) => 9_000 / 3 ** (expected.length - 1 - rung));
    for (const { rung, budget } of runs) expect(budget).toBe(budgets[rung]);
    expect(runs.filter(({ trial }) => trial === 0)).toMatchObject([
      { rung: expected.length - 1, options: { share: 0.9 } },
    ]);
  });

  test("the best third of a rung goes on, and the best run with the whole budget wins", async () => {
    const { runs, run, result } = await search({ trials: 19, budget: 9_000 });
    for (const rung of [0, 1]) {
      const ranked = runs.filter((one) => one.rung === rung).sort(compareRuns);
      const next = runs.filter((one) => one.rung === rung + 1 && one.trial !== 0);
      const best = ranked.slice(0, next.length).map(({ trial }) => trial);
      expect(next.map(({ trial }) => trial).sort()).toEqual(best.sort());
    }
    expect(run).toEqual(runs.filter(({ rung }) => rung === 2).sort(compareRuns)[0]);
    expect(result.nodeFile.found.options).toEqual(run.options);
  });

  test("without a budget the last rung has no limit, and the others have parts of the first trial's work", async () => {
    const { runs } = await search({ trials: 4 });
    const { used } = runs.find(({ trial }) => trial === 0) as { used: number } & TrialRun;
    expect(used).toBe(20);
    expect(runs.map(({ budget }) => budget)).toEqual([6, 6, 6, undefined, undefined]);
  });

  test("circuits that miss the target come after those that reach it, the lower loss first", () => {
    const figures = { used: 1, rung: 0, options: {} };
    const runs: TrialRun[] = [
      { trial: 0, failure: "oh no", rung: 0, options: {} },
      { trial: 1, reached: false, nodes: 0, edges: 0, dev: 0.7, ...figures },
      { trial: 2, reached: false, nodes: 9, edges: 9, dev: 0.2, ...figures },
      { trial: 3, reached: true, nodes: 9, edges: 9, dev: 0.1, ...figures },
      { trial: 4, reached: true, nodes: 8, edges: 9, dev: 0.14, ...figures },
      { trial: 5, reached: true, nodes: 8, edges: 9, dev: 0.13, ...figures },
      { trial: 6, reached: true, nodes: 30, edges: 5, dev: 0.15, ...figures },
      { trial: 7, reached: true, nodes: 30, edges: 5, dev: 0.15, ...figures },
    ];
    expect(runs.toSorted(compareRuns).map(({ trial }) => trial)).toEqual([6, 7, 5, 4, 3, 2, 1, 0]);
  });
});

describe("what is tried", () => {
  /** The options of all trials but the first; these are not run. */
  async function drawn(more: Partial<SearchSettings>): Promise<Trial["options"][]> {
    const options: Trial["options"][] = [];
    const { pruner = keeper } = more;
    const run: SearchSettings["run"] = async (trials, watch) => {
      for (const [index, trial] of trials.entries()) {
        if (trial.trial > 0) options.push(trial.options);
        const skipped = { failure: new Error("not run") };
        const outcome = trial.trial > 0 ? skipped : await runTrial(model, task, trial, { seed: seed(1), pruner });
        watch.onDone(index, outcome);
      }
    };
    await search({ budget: 1_000, ...more, run });
    return options;
  }

  test("values lie within their ranges; more trials are the same ones and others; another seed draws others", async () => {
    const many = await drawn({ trials: 60 });
    const shares = many.map((options) => options["share"] as number);
    expect(new Set(shares).size).toBeGreaterThan(45);
    for (const share of shares) expect(share >= 0.5 && share <= 1).toBe(true);
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.4);
    expect(await drawn({ trials: 5 })).toEqual(many.slice(0, 4));
    expect(await drawn({ trials: 5, seed: seed(2) })).not.toEqual(many.slice(0, 4));
  });

  test("a log scale gives each factor the same chance", async () => {
    const options = defineOptions({ share: numberOption({ about: "share", default: 1 }) });
    const wide = definePruner({
      ...keeper,
      options,
      search: { share: { from: 1e-4, to: 1, scale: "log" } } as never,
    });
    const shares = (await drawn({ trials: 61, pruner: wide })).map((options) => options["share"] as number);
    const low = shares.filter((share) => share < 1e-2).length / shares.length;
    expect(Math.abs(low - 0.5)).toBeLessThan(0.2);
  });

  test("what was given stays, and the other values with it", async () => {
    const given = { steps: 3, batchPairs: 2, learningRate: 0.07 };
    const fixed = await drawn({ trials: 4, pruner: hardConcrete, options: given });
    const free = await drawn({ trials: 4, pruner: hardConcrete, options: { ...given, learningRate: undefined } });
    for (const [trial, options] of fixed.entries()) {
      expect(options).toMatchObject(given);
      expect(options).toEqual({ ...free[trial], learningRate: 0.07 });
    }
    expect(new Set(fixed.map((options) => options["nodeCost"])).size).toBe(3);
    expect(new Set(free.map((options) => options["learningRate"])).size).toBe(3);
  });
});

describe("the result", () => {
  const quick = { pruner: learnedMask, options: { steps: 60, batchPairs: 4 }, budget: 3_000 };

  test("is at least as good as the given options alone, and its options find it again", async () => {
    const { run, result, runs } = await search({ ...quick, trials: 4 });
    const alone = await pruneTask(model, task, { seed: seed(1), ...quick });
    const defaults = runs.find(({ trial }) => trial === 0)!;
    expect(defaults).toMatchObject({
      edges: alone.evaluation.edges.length,
      dev: alone.evaluation.uncalibrated.dev.loss,
    });
    expect(compareRuns(run, defaults)).toBeLessThanOrEqual(0);
    const again = await pruneTask(model, task, { seed: seed(1), ...quick, options: run.options });
    expect(formatNodeFile(again.nodeFile)).toBe(formatNodeFile(result.nodeFile));
  });

  test("does not depend on the order in which trials end", async () => {
    const common = { pruner: acdc, options: { over: "nodes" }, trials: 4, budget: 600 };
    const backwards: SearchSettings["run"] = async (trials, watch) => {
      for (const index of [...trials.keys()].reverse()) {
        watch.onDone(index, await runTrial(model, task, trials[index]!, { seed: seed(1), pruner: acdc }));
      }
    };
    expect(await search({ ...common, run: backwards })).toEqual(await search(common));
  });

  test("of a search that was interrupted and goes on is the same", async () => {
    const checkpoints: string[] = [];
    const ran: Trial[] = [];
    const straight = await search({
      trials: 10,
      onProgress: ({ checkpoint }) => checkpoints.push(JSON.stringify(checkpoint())),
    });
    for (const at of [0, 4, checkpoints.length - 1]) {
      const resume = JSON.parse(checkpoints[at]!) as SearchCheckpoint;
      const run: SearchSettings["run"] = async (trials, watch) => {
        for (const [index, trial] of trials.entries()) {
          ran.push(trial);
          watch.onDone(index, await runTrial(model, task, trial, { seed: seed(1), pruner: keeper }));
        }
      };
      ran.length = 0;
      expect(await search({ trials: 10, resume, run })).toEqual(straight);
      expect(ran).toHaveLength(straight.runs.length - resume.runs.length);
    }
    const resume = JSON.parse(checkpoints[0]!) as SearchCheckpoint;
    await expect(search({ trials: 11, resume })).rejects.toThrow(/its trials differs: 10/u);
    await expect(search({ trials: 10, resume: {} as never })).rejects.toThrow(/not one that this version/u);
  });

  test.each<[string, (saved: SearchCheckpoint) => unknown, RegExp]>([
    ["a text", () => "saved", /the saved search: the text "saved" found\n {2}expected: an object/u],
    ["a format alone", ({ format }) => ({ format }), /the saved search: the key "search" is missing/u],
    ["no list of runs", (saved) => ({ ...saved, runs: {} }), /the saved search: runs: an object found/u],
    ["half a run", (saved) => ({ ...saved, runs: [{ trial: 0 }] }), /runs\[0\]: the key "rung" is missing/u],
    ["a best run without a circuit", (saved) => ({ ...saved, best: { run: saved.best!.run } }), /best: .*"result"/u],
    [
      "a damaged circuit",
      (saved) => ({ ...saved, best: { ...saved.best!, result: { ...saved.best!.result, nodeFile: {} } } }),
      /the saved search: best\.result\.nodeFile: the key "format" is missing/u,
    ],
  ])("does not go on from %s", async (_, damage, message) => {
    let saved: SearchCheckpoint | undefined;
    await search({ trials: 1, onProgress: ({ checkpoint }) => (saved = checkpoint()) });
    const resumed = search({ trials: 1, resume: damage(saved!) as never });
    await expect(resumed).rejects.toThrow(InputError);
    await expect(resumed).rejects.toThrow(message);
  });

  test("says how far it is", async () => {
    const seen: [number, number, number, number][] = [];
    let best: TrialRun | undefined;
    const { run, runs } = await search({
      trials: 10,
      onProgress: (progress) => {
        const { done, of, rung, share } = progress;
        seen.push([done, of, rung, share]);
        ({ best } = progress);
      },
    });
    expect(seen.at(-1)).toEqual([14, 14, 2, expect.closeTo(1)]);
    for (const [i, [done, , rung, share]] of seen.entries()) {
      const before = seen[i - 1] ?? [0, 14, 0, 0];
      expect(done >= before[0] && rung >= before[2] && share >= before[3] - 1e-9).toBe(true);
    }
    expect(best).toEqual(runs.toSorted(compareRuns)[0]);
    expect(run.rung).toBe(2);
  });
});

describe("a search is refused or fails", () => {
  test.each<[string, Partial<SearchSettings>, RegExp]>([
    ["for no trials", { trials: 0 }, /0 is no number of trials/u],
    ["for a pruner without ranges", { pruner: eap }, /does not say in which ranges.*\n.*learned-mask, acdc/u],
    ["where everything is given", { options: { share: 0.7 } }, /all of its options .* are given\n.*share left open/u],
    ["for wrong options", { options: { shares: 0.7 } }, /did you mean "share"/u],
    ["for a target that the model misses", { target: 1e-6 }, /the whole model has a loss of/u],
  ])("%s", async (_, more, message) => {
    await expect(search(more)).rejects.toThrow(InputError);
    await expect(search(more)).rejects.toThrow(message);
  });

  test("where the signal fires", async () => {
    const controller = new AbortController();
    const stopped = search({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toThrow(/aborted/u);
  });

  test("only where the pruner fails in every trial with the whole budget", async () => {
    const { runs, run } = await search({ trials: 7, options: { fails: 0.9 }, budget: 9_000 });
    const failed = runs.filter((one) => "failure" in one);
    expect(failed.length).toBeGreaterThan(0);
    for (const one of failed) {
      expect(one).toMatchObject({ failure: "The pruner keeper@1.0.0 failed in step: too much", rung: 0 });
      expect(one.options["share"]).toBeGreaterThan(0.9);
    }
    expect(run).not.toHaveProperty("failure");
    for (const budget of [{}, { budget: 9_000 }]) {
      const all = search({ trials: 7, options: { fails: 0.1 }, ...budget });
      await expect(all).rejects.toThrow(PrunerError);
      await expect(all).rejects.toThrow(/in every trial with the whole budget: .*too much/u);
    }
  });

  test("as bad input where the budget is too small for every trial", async () => {
    const all = search({ trials: 7, budget: 1, pruner: acdc });
    await expect(all).rejects.toThrow(BudgetError);
    await expect(all).rejects.toThrow(InputError);
    await expect(all).rejects.toThrow(/asked for more work in every trial than its budget of 1 sequences allows/u);
    const overrun = await runTrial(model, task, { trial: 0, rung: 0, options: {}, budget: 1 }, { seed: seed(1) });
    expect(overrun).toMatchObject({ failure: expect.any(BudgetError), overBudget: true });
  });

  test.each<[string, SearchRange]>([
    ["the wrong way round", { from: 0.5, to: 0.1, scale: "linear" }],
    ["from 0 on a log scale", { from: 0, to: 1, scale: "log" }],
    ["beyond what the option allows", { from: 0.5, to: 2, scale: "linear" }],
    ["on no scale", { from: 0.5, to: 1, scale: "cubic" as never }],
  ])("a range %s is refused with the pruner", (_, share) => {
    const define = () => definePruner({ ...keeper, search: { share } as never });
    expect(define).toThrow(InputError);
    expect(define).toThrow(/cannot search its option "share"/u);
  });

  test("a range of an option that there is not is refused with the pruner", () => {
    const search = { shares: { from: 0.5, to: 1, scale: "linear" } } as never;
    expect(() => definePruner({ ...keeper, search })).toThrow(/cannot search its option "shares"/u);
  });
});
