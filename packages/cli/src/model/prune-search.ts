import type { Model } from "@filigree/core";
import type { SearchProgress, SearchResult, TrialRunner } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";
import { Interrupted } from "../interrupted.ts";
import { spread } from "../workers/spread.ts";
import { LatestWriter } from "./latest-writer.ts";
import { pruningSettings, type ResumableRun } from "./prune-resumably.ts";
import { readState, stateFile, stateText } from "./state-file.ts";

export interface SearchRun extends Omit<ResumableRun, "onProgress"> {
  /** Of the model, and the task as it was named: each thread loads them. */
  readonly directory: string;
  readonly reference: string;
  /** How many sets of options are tried. */
  readonly search: number;
  readonly workers: number;
  readonly onProgress: (progress: SearchProgress) => void;
}

/**
 * Searches for a pruner's options, on several threads. The trials that are over are stored as they end: a search takes
 * hours, and its process may be killed.
 *
 * @throws Interrupted when the signal fired
 * @throws InputError and PrunerError as `searchOptions` does
 */
export async function searchResumably(model: Model, task: Task, run: SearchRun): Promise<SearchResult> {
  const { writeFileAtomically } = await import("@filigree/core");
  const { BudgetError, PrunerError, readSearchCheckpoint, searchOptions } = await import("@filigree/pruners");
  const { out, signal } = run;
  const settings = await pruningSettings(run);
  const state = out === undefined ? undefined : stateFile(out);
  const resume = run.resume && state !== undefined ? await readState(state, readSearchCheckpoint) : undefined;
  const save = async (text: string): Promise<void> => {
    if (state !== undefined) await writeFileAtomically(state, text);
  };
  const saved = new LatestWriter(save);
  let done = resume?.runs.length ?? 0;
  let last: SearchProgress | undefined;
  try {
    return await searchOptions(model, task, {
      ...settings,
      trials: run.search,
      ...(resume && { resume }),
      // With one worker trials run here, on the model that is loaded already.
      ...(run.workers > 1 && { run: onThreads(run) }),
      onProgress: (progress) => {
        if (progress.done > done) saved.add(stateText(progress.checkpoint()));
        done = progress.done;
        last = progress;
        run.onProgress(progress);
      },
    });
  } catch (error) {
    const failed = error instanceof PrunerError || error instanceof BudgetError;
    if (!signal.aborted && !failed) throw error;
    await saved.end();
    const kept = done > 0 && state !== undefined;
    if (kept && last) await save(stateText(last.checkpoint()));
    if (failed) {
      if (kept) error.message += `\n  ${finishedRuns(done)} in ${state}`;
      throw error;
    }
    if (!kept) throw new Interrupted("nothing was written; the same command starts again");
    throw new Interrupted(`${finishedRuns(done)} in ${state}\n  go on with the same command and --resume`);
  } finally {
    await saved.end();
  }
}

function finishedRuns(count: number): string {
  return count === 1 ? "the finished run is" : `the ${count} finished runs are`;
}

function onThreads({ directory, reference, pruner, target, ablation, seed, workers, signal }: SearchRun): TrialRunner {
  return async (trials, { onProgress, onDone }) => {
    const common = { directory, task: reference, pruner, target, ablation, seed };
    await spread(
      "trials",
      trials.map((trial) => ({ ...common, trial })),
      {
        workers,
        signal,
        // Those without a limit take longest.
        sizeOf: ({ trial }) => ({ group: "", cost: trial.budget ?? Infinity }),
        onNews: onProgress,
        onDone,
      },
    );
  };
}
