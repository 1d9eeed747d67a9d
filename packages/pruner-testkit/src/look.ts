import { defineOptions, seed as checkedSeed, type Model } from "@filigree/core";
import { definePruner, pruneTask, type PrunerContext } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";

/** What is looked at, and as whom: random streams depend on the seed and the name. */
export interface Look {
  readonly model: Model;
  readonly task: Task;
  readonly target: number;
  readonly as?: string;
  readonly seed?: number;
}

/** Shows a function what a pruner sees. */
export async function look<Result>(
  { model, task, target, as = "probe", seed = 0 }: Look,
  work: (ctx: PrunerContext) => Result | Promise<Result>,
): Promise<Result> {
  const seen: Result[] = [];
  const probe = definePruner({
    name: as,
    version: "1.0.0",
    about: "only looks",
    apiVersion: 1,
    options: defineOptions({}),
    async init(ctx) {
      seen.push(await work(ctx));
      return null;
    },
    step: () => ({ state: null, done: true, progress: 1 }),
    finish: (ctx) => new Map([...ctx.sites].map(([site, width]) => [site, new Float32Array(width).fill(1)])),
  });
  await pruneTask(model, task, { pruner: probe, target, seed: checkedSeed(seed), modelMayMiss: true });
  return seen[0]!;
}
