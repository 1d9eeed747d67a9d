import type { PruneResult } from "../run/prune-task.ts";

/** One run of a pruner with some options and some of the budget. */
export interface Trial {
  /** Its number. Trial 0 has the options as they were given. */
  readonly trial: number;
  /** Counted from 0. The last rung has the whole budget. */
  readonly rung: number;
  /** The options that were given, and those that were drawn. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The most work it may do, in sequences run forward. Without limit, where left out. */
  readonly budget?: number;
}

/** What a trial led to, with the work it took; or why its pruner failed. */
export type TrialOutcome = { readonly result: PruneResult; readonly used: number } | TrialFailure<Error>;

/** A trial that is over, as figures. Its options are all of the pruner's. */
export type TrialRun = Trial & (TrialFigures | TrialFailure<string>);

/** Why a trial ended without a circuit. Plain data: it comes from other threads, and from stored searches. */
interface TrialFailure<Reason> {
  readonly failure: Reason;
  /** The budget was too small: no fault of the pruner's. */
  readonly overBudget?: true;
}

export interface TrialFigures {
  /** Work done, in sequences run forward. */
  readonly used: number;
  /** Whether the circuit has the target loss on the dev split. */
  readonly reached: boolean;
  readonly nodes: number;
  readonly edges: number;
  /** Loss of the circuit on the dev split, without scale and shift. The test split plays no part in a search. */
  readonly dev: number;
}

/** The figures of what a trial led to. */
export function runOf(trial: Trial, outcome: TrialOutcome): TrialRun {
  if ("failure" in outcome) return { ...trial, ...outcome, failure: outcome.failure.message };
  const { result, used } = outcome;
  const { nodes, edges, uncalibrated } = result.evaluation;
  return {
    ...trial,
    options: result.nodeFile.found.options,
    used,
    reached: result.reached,
    nodes,
    edges: edges.length,
    dev: uncalibrated.dev.loss,
  };
}

/**
 * Which of two runs comes first: the circuit with fewer edges, then with fewer nodes, then with the lower loss, then the
 * earlier trial. Circuits that miss the target come after all that reach it, the lower loss first: among them few edges
 * are no merit. Runs that failed come last.
 */
export function compareRuns(a: TrialRun, b: TrialRun): number {
  const [x, y] = [placeOf(a), placeOf(b)];
  const differing = x.findIndex((value, i) => value !== y[i]);
  return differing < 0 ? 0 : x[differing]! - y[differing]!;
}

function placeOf(run: TrialRun): readonly number[] {
  if ("failure" in run) return [2, 0, 0, 0, run.trial];
  const { reached, nodes, edges, dev, trial } = run;
  return reached ? [0, edges, nodes, dev, trial] : [1, dev, edges, nodes, trial];
}
