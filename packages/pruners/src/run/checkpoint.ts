import { InputError, type Seed } from "@filigree/core";
import type { AblationKind } from "../contract/pruner.ts";

/** A pruning run between two steps: plain data. `JSON.stringify` writes it and `JSON.parse` reads it back. */
export interface PruneCheckpoint {
  readonly format: "filigree.pruning/1";
  /** `name@version`. */
  readonly pruner: string;
  readonly options: unknown;
  readonly model: string;
  readonly task: string;
  readonly target: number;
  readonly ablation: AblationKind;
  readonly seed: Seed;
  /** Steps taken. */
  readonly steps: number;
  /** Work done, in sequences run forward. */
  readonly used: number;
  readonly done: boolean;
  /** The pruner's own state. */
  readonly state: unknown;
}

/** What a checkpoint must agree on with the run that goes on from it. */
export type RunIdentity = Pick<
  PruneCheckpoint,
  "pruner" | "options" | "model" | "task" | "target" | "ablation" | "seed"
>;

/** @throws InputError where the checkpoint is of another run. */
export function checkResumable(checkpoint: PruneCheckpoint, run: RunIdentity): void {
  const where = "the saved pruning run";
  if (checkpoint?.format !== "filigree.pruning/1") {
    throw new InputError({
      what: "it is not one that this version can go on with",
      where,
      expected: "filigree.pruning/1",
    });
  }
  for (const key of ["pruner", "options", "model", "task", "target", "ablation", "seed"] as const) {
    const [saved, wanted] = [JSON.stringify(checkpoint[key]), JSON.stringify(run[key])];
    if (saved !== wanted) {
      throw new InputError({ what: `its ${key} differs: ${saved}`, where, expected: wanted, hint: "start afresh" });
    }
  }
}
