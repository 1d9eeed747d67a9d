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
  requireFormat(checkpoint, "filigree.pruning/1", WHERE);
  requireSame(checkpoint, run, WHERE);
}

const WHERE = "the saved pruning run";

/** @throws InputError where what was saved is of another format. */
export function requireFormat(saved: { readonly format: string } | undefined, format: string, where: string): void {
  if (saved?.format === format) return;
  throw new InputError({ what: "it is not one that this version can go on with", where, expected: format });
}

/** @throws InputError where what was saved differs in one of the keys of `wanted`. */
export function requireSame<Identity extends object>(saved: Identity, wanted: Identity, where: string): void {
  for (const key of Object.keys(wanted) as (keyof Identity & string)[]) {
    const [found, expected] = [JSON.stringify(saved[key]), JSON.stringify(wanted[key])];
    if (found === expected) continue;
    throw new InputError({ what: `its ${key} differs: ${found}`, where, expected, hint: "start afresh" });
  }
}
