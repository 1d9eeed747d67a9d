import { InputError, JsonValue, type Seed } from "@filigree/core";
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
  readPruneCheckpoint(checkpoint, where);
  requireSame(checkpoint, run, where);
}

/**
 * A pruning run as it was saved. What its pruner stored in it is the pruner's to read.
 *
 * @param where for the message: its file
 * @throws InputError where it is damaged, or of another format
 */
export function readPruneCheckpoint(saved: unknown, where: string): PruneCheckpoint {
  const json = new JsonValue(saved, where);
  const { steps, used, done } = savedMembers(json, "filigree.pruning/1", ["steps", "used", "done", "state"]);
  steps.index();
  used.number();
  if (typeof done.any() !== "boolean") done.fail("no truth value found", "true or false");
  return saved as PruneCheckpoint;
}

/**
 * The members of something that was saved, its format looked at first: those of another version may have other names.
 *
 * @throws InputError where it is of another format, or lacks one of these members
 */
export function savedMembers<Key extends string>(
  saved: JsonValue,
  format: string,
  keys: readonly Key[],
): Record<Key, JsonValue> {
  const members = new Map(saved.entries());
  const found = members.get("format");
  if (found?.any() !== format) saved.fail("it is not one that this version can go on with", `"format": "${format}"`);
  for (const key of keys) if (!members.has(key)) saved.fail(`the key "${key}" is missing`);
  return Object.fromEntries(members) as Record<Key, JsonValue>;
}

/** @throws InputError where what was saved differs in one of the keys of `wanted`. */
export function requireSame<Identity extends object>(saved: Identity, wanted: Identity, where: string): void {
  for (const key of Object.keys(wanted) as (keyof Identity & string)[]) {
    const [found, expected] = [JSON.stringify(saved[key]), JSON.stringify(wanted[key])];
    if (found === expected) continue;
    throw new InputError({ what: `its ${key} differs: ${found}`, where, expected, hint: "start afresh" });
  }
}
