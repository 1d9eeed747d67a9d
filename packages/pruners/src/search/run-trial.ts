import type { Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { pruneTask, type PruneOptions, type PruneProgress } from "../run/prune-task.ts";
import { BudgetError, PrunerError } from "../run/pruner-error.ts";
import type { Trial, TrialOutcome } from "./trial.ts";

/** What all trials of a search have in common. */
export type TrialSettings = Pick<PruneOptions, "seed" | "pruner" | "target" | "ablation" | "signal"> & {
  /** The share of the trial that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
};

/**
 * Runs one trial. What the pruner fails with, or a budget too small for it, is its outcome: another trial may go well.
 *
 * @throws InputError as `pruneTask` does
 * @throws the signal's reason where it is aborted
 */
export async function runTrial(
  model: Model,
  task: Task,
  { options, budget }: Trial,
  { onProgress, ...settings }: TrialSettings,
): Promise<TrialOutcome> {
  let last: PruneProgress | undefined;
  try {
    const result = await pruneTask(model, task, {
      ...settings,
      options,
      ...(budget !== undefined && { budget }),
      onProgress: (progress) => {
        last = progress;
        onProgress?.(progress.progress);
      },
    });
    return { result, used: last?.checkpoint().used ?? 0 };
  } catch (error) {
    if (error instanceof PrunerError) return { failure: error };
    if (error instanceof BudgetError) return { failure: error, overBudget: true };
    throw error;
  }
}
