import type { Seed } from "@filigree/core";
import type { AblationKind } from "../contract/pruner.ts";
import { requireFormat, requireSame } from "../run/checkpoint.ts";
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
  requireFormat(checkpoint, "filigree.search/1", where);
  requireSame(checkpoint.search, search, where);
}
