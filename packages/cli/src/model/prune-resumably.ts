import type { Model } from "@filigree/core";
import type { AblationKind, PruneProgress, PruneResult } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";
import type { Settings } from "../arguments.ts";
import { Interrupted } from "../interrupted.ts";
import { readState, stateFile, stateText } from "./state-file.ts";

export interface ResumableRun {
  /** The node file that the run is to write; an interrupted run leaves its state beside it. */
  readonly out?: string;
  readonly target: number;
  readonly pruner: string;
  /** Options of the pruner, by name. */
  readonly set: Settings;
  readonly ablation: AblationKind;
  readonly budget?: number;
  readonly seed: number;
  readonly resume?: true;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PruneProgress) => void;
}

/**
 * Prunes. When the signal fires, the pruner fails or the budget is over, the state after the last step is stored.
 *
 * @throws Interrupted when the signal fired
 * @throws InputError for an unknown pruner, a model that misses the target, too small a budget, and a state of another run
 * @throws PrunerError where the pruner fails
 */
export async function pruneResumably(model: Model, task: Task, run: ResumableRun): Promise<PruneResult> {
  const { writeFileAtomically } = await import("@filigree/core");
  const { BudgetError, pruneTask, PrunerError, readPruneCheckpoint } = await import("@filigree/pruners");
  const { out, signal } = run;
  const settings = await pruningSettings(run);
  const resume = run.resume && out !== undefined ? await readState(stateFile(out), readPruneCheckpoint) : undefined;
  let last: PruneProgress | undefined;
  try {
    return await pruneTask(model, task, {
      ...settings,
      ...(resume && { resume }),
      onProgress: (progress) => {
        last = progress;
        run.onProgress(progress);
      },
    });
  } catch (error) {
    const failed = error instanceof PrunerError || error instanceof BudgetError;
    if (!signal.aborted && !failed) throw error;
    const saved = last && out !== undefined ? stateFile(out) : undefined;
    if (saved !== undefined) await writeFileAtomically(saved, stateText(last!.checkpoint()));
    if (failed) {
      if (saved !== undefined) error.message += `\n  the state after step ${last!.steps} is in ${saved}`;
      throw error;
    }
    if (saved === undefined) throw new Interrupted("nothing was written; the same command starts again");
    throw new Interrupted(
      `the state after step ${last!.steps} is in ${saved}\n  go on with the same command and --resume`,
    );
  }
}

/** What one run and a search are told alike. @throws InputError for an unknown pruner */
export async function pruningSettings(run: Omit<ResumableRun, "onProgress">) {
  const { seed } = await import("@filigree/core");
  const { choosePruner } = await import("@filigree/pruners");
  const { target, ablation, budget, signal } = run;
  return {
    pruner: await choosePruner(run.pruner, process.cwd()),
    options: run.set,
    target,
    ablation,
    seed: seed(run.seed),
    signal,
    ...(budget !== undefined && { budget }),
  };
}
