import { checkPluginOptions, InputError, pluginId, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { PRUNERS } from "../contract/registry.ts";
import { learnedMask } from "../learned-mask/learned-mask.ts";
import { DEFAULT_TARGET, type PruneOptions, type PruneResult } from "../run/prune-task.ts";
import { checkSearchResumable, type SearchCheckpoint, type SearchIdentity } from "./checkpoint.ts";
import { drawOptions, searchedOptions } from "./draw-options.ts";
import { runTrial } from "./run-trial.ts";
import { planRungs } from "./rungs.ts";
import { SearchRecord, type SearchProgress, type TrialRunner } from "./search-record.ts";
import { compareRuns, type Trial, type TrialRun } from "./trial.ts";

export interface SearchSettings extends Omit<PruneOptions, "modelMayMiss" | "onProgress" | "resume"> {
  /** How many sets of options are tried: those given, and others that are drawn. */
  readonly trials: number;
  /** Runs trials somewhere else, such as on several threads; one after the other in this thread, where left out. */
  readonly run?: TrialRunner;
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly resume?: SearchCheckpoint;
}

export interface SearchResult {
  /** The trial that found the smallest circuit with the whole budget, and the circuit. */
  readonly run: TrialRun;
  readonly result: PruneResult;
  /** Every trial as it was on its last rung, the best first. */
  readonly trials: readonly TrialRun[];
  /** All runs, by rung and then by trial. */
  readonly runs: readonly TrialRun[];
}

/**
 * Looks for options with which a pruner finds the smallest circuit, by successive halving. The options that were given
 * are tried with the whole budget, so that the result is never worse than without a search; the others compete with
 * parts of it. All trials have the run's seed, so that the winner's options find its circuit again. Where no budget is
 * given, the last rung has no limit, and the others have parts of what the given options take.
 *
 * The same settings give the same result, whatever runs the trials. Selection sees the dev split alone.
 *
 * @throws InputError for a pruner without ranges, wrong options, a `resume` of another search, a budget too small for
 *   every trial, and as `pruneTask` does
 * @throws PrunerError where the pruner fails in all trials with the whole budget
 * @throws what `run` throws, or the signal's reason where it is aborted
 */
export async function searchOptions(model: Model, task: Task, settings: SearchSettings): Promise<SearchResult> {
  const { seed, pruner = learnedMask, trials, budget, target = DEFAULT_TARGET, ablation = "mean" } = settings;
  if (!Number.isInteger(trials) || trials < 1) {
    throw new InputError({ what: `${trials} is no number of trials`, expected: "a whole number from 1" });
  }
  await checkPluginOptions(PRUNERS, pruner, settings.options);
  const given = (settings.options ?? {}) as Readonly<Record<string, unknown>>;
  const ranges = searchedOptions(pruner, given);
  const identity: SearchIdentity = {
    pruner: pluginId(pruner),
    options: given,
    trials,
    budget: budget ?? null,
    model: model.hash,
    task: task.hash,
    target,
    ablation,
    seed,
  };
  if (settings.resume) checkSearchResumable(settings.resume, identity);
  const rungs = planRungs(trials - 1);
  const record = new SearchRecord(identity, rungs, settings);
  const run = settings.run ?? inThisThread(model, task, { ...settings, pruner, target, ablation });

  const first: Trial = { trial: 0, rung: record.lastRung, options: given, ...(budget !== undefined && { budget }) };
  if (budget === undefined) await record.run(run, 0, [first]);
  const full = budget ?? record.workOf(first);
  let contenders = Array.from({ length: trials - 1 }, (_, i) => i + 1);
  for (const [rung, { trials: places, divisor }] of rungs.entries()) {
    const part = divisor === 1 ? budget : Math.max(1, Math.floor(full / divisor));
    const batch = contenders.slice(0, places).map((trial): Trial => {
      const options = { ...given, ...drawOptions(ranges, { seed, pruner: pruner.name, trial }) };
      return { trial, rung, options, ...(part !== undefined && { budget: part }) };
    });
    const runs = await record.run(run, rung, rung === 0 ? [first, ...batch] : batch);
    const well = runs.filter((done) => done.trial !== 0 && !("failure" in done));
    contenders = well.sort(compareRuns).map(({ trial }) => trial);
  }
  if (rungs.length === 0) await record.run(run, 0, [first]);
  return { ...record.best(), trials: record.trials(), runs: record.runs() };
}

/** One trial after the other. */
function inThisThread(
  model: Model,
  task: Task,
  { seed, pruner, target, ablation, signal }: SearchSettings,
): TrialRunner {
  const settings = {
    seed,
    ...(pruner && { pruner }),
    ...(target !== undefined && { target }),
    ...(ablation && { ablation }),
    ...(signal && { signal }),
  };
  return async (trials, { onProgress, onDone }) => {
    for (const [index, trial] of trials.entries()) {
      onDone(
        index,
        await runTrial(model, task, trial, { ...settings, onProgress: (share) => onProgress(index, share) }),
      );
    }
  };
}
