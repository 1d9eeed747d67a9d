import { createHash } from "node:crypto";
import { InputError, JsonValue } from "@filigree/sites";
import { readText } from "../files.ts";

/** Where an interrupted run leaves its state. */
export function stateFile(out: string): string {
  return `${out}.state.json`;
}

/**
 * The text of a state: what was saved, and its hash. A pruner cannot tell a number that was damaged from one of its own, and
 * would go on with it.
 */
export function stateText(saved: object): string {
  return `${JSON.stringify({ ...saved, sha256: hashOf(saved) })}\n`;
}

/**
 * What an interrupted run left.
 *
 * @param read looks at its form
 * @throws InputError where it is damaged
 */
export async function readState<State extends object>(
  path: string,
  read: (saved: unknown, where: string) => State,
): Promise<State> {
  const found = JsonValue.parse(await readText(path, "the state of an interrupted run"), path).any();
  const { sha256, ...saved } = read(found, path) as State & { readonly sha256?: unknown };
  const expected = hashOf(saved);
  if (sha256 === expected) return saved as unknown as State;
  throw new InputError({
    what: sha256 === undefined ? "it has no hash" : "it is not what was saved: its hash differs",
    where: `${path}: sha256`,
    expected,
    hint: "start afresh, without --resume",
  });
}

/** Of the text that JSON makes of it: the same before it is written and after it is read. */
function hashOf(saved: object): string {
  return createHash("sha256").update(JSON.stringify(saved)).digest("hex");
}
