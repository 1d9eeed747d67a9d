import type { Model } from "@filigree/core";
import type { AblationKind, ScoreCurve } from "@filigree/pruners";
import { percent } from "../render/numbers.ts";
import type { CircuitWatch } from "./score-circuit.ts";
import { taskOf } from "./task-of.ts";

export interface RankingSettings {
  readonly ablation?: AblationKind;
  readonly seed: number;
}

/** How faithful circuits of a pruner's highest scores are. */
export interface RankingScore extends ScoreCurve {
  readonly pruner: string;
  readonly task: string;
  readonly ablation: AblationKind;
}

/**
 * Measures what a pruner's scores are worth, at the standard fractions of nodes or edges.
 *
 * @throws InputError for an unknown pruner, and one that gives no scores.
 */
export async function scoreRanking(
  model: Model,
  name: string,
  reference: string,
  { ablation = "mean", seed }: RankingSettings,
  { onNews, signal }: CircuitWatch,
): Promise<RankingScore> {
  const core = await import("@filigree/core");
  const { choosePruner, measureScoreCurve, scoreTask } = await import("@filigree/pruners");
  const pruner = await choosePruner(name, process.cwd());
  const task = await taskOf(model, reference);
  const run = { ablation, seed: core.seed(seed) };
  onNews(`${name}: scores`);
  const scores = await scoreTask(model, task, { ...run, pruner, ...(signal && { signal }) });
  const curve = await measureScoreCurve(model, task, scores, {
    ...run,
    onPoint: async (done, total) => {
      onNews(`${name}: faithfulness ${percent(done / total)}`);
      // Lets Ctrl-C in.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  });
  return { pruner: core.pluginId(pruner), task: reference, ablation, ...curve };
}
