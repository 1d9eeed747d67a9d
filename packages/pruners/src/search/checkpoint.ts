import { JsonValue, parseNodeFile, type Seed } from "@filigree/core";
import type { AblationKind } from "../contract/pruner.ts";
import { requireSame, savedMembers } from "../run/checkpoint.ts";
import type { PruneResult } from "../run/prune-task.ts";
import type { TrialRun } from "./trial.ts";

/** A search between two trials: plain data. `JSON.stringify` writes it and `JSON.parse` reads it back. */
export interface SearchCheckpoint {
  readonly format: "filigree.search/1";
  readonly search: SearchIdentity;
  /** The trials that are over, in the order in which they ended. */
  readonly runs: readonly TrialRun[];
  /** The best circuit so far that was found with the whole budget. */
  readonly best: BestTrial | null;
}

/** What a checkpoint must agree on with the search that goes on from it. */
export interface SearchIdentity {
  /** `name@version`. */
  readonly pruner: string;
  /** As they were given. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly trials: number;
  /** null: none was given. */
  readonly budget: number | null;
  readonly model: string;
  readonly task: string;
  readonly target: number;
  readonly ablation: AblationKind;
  readonly seed: Seed;
}

/** A run that was among the last, and its circuit. */
export interface BestTrial {
  readonly run: TrialRun;
  readonly result: PruneResult;
}

/** @throws InputError where the checkpoint is of another search. */
export function checkSearchResumable(checkpoint: SearchCheckpoint, search: SearchIdentity): void {
  const where = "the saved search";
  readSearchCheckpoint(checkpoint, where);
  requireSame(checkpoint.search, search, where);
}

/**
 * A search as it was saved.
 *
 * @param where for the message: its file
 * @throws InputError where it is damaged, or of another format
 */
export function readSearchCheckpoint(saved: unknown, where: string): SearchCheckpoint {
  const json = new JsonValue(saved, where);
  const { search, runs, best } = savedMembers(json, "filigree.search/1", ["search", "runs", "best"]);
  search.entries();
  runs.array().forEach(checkRun);
  if (best.any() !== null) {
    const { run, result } = best.object(["run", "result"]);
    checkRun(run);
    const { nodeFile, evaluation } = result.object(["nodeFile", "evaluation", "reached"]);
    parseNodeFile(JSON.stringify(nodeFile.any()), `${where}: best.result.nodeFile`);
    evaluation.entries();
  }
  return saved as SearchCheckpoint;
}

/** What a search goes on by. A loss that is not a number is null in JSON, so figures may be missing. */
function checkRun(run: JsonValue): void {
  const { trial, rung, options, failure } = Object.fromEntries(run.entries());
  for (const [key, value] of Object.entries({ trial, rung, options })) {
    if (!value) run.fail(`the key "${key}" is missing`);
  }
  trial!.index();
  rung!.index();
  options!.entries();
  failure?.text();
}
