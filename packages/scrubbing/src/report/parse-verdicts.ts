import { JsonValue } from "@filigree/core";
import type { ClaimVerdict, VerdictDocument } from "../document.ts";

/** What a comparison reads of a verdict document. */
export interface ReadVerdicts {
  readonly file: string;
  /** What the verdicts depend on beside the claims: hashes, backend, settings, … by name. */
  readonly run: ReadonlyMap<string, string>;
  readonly claims: readonly ReadClaim[];
}

export interface ReadClaim {
  readonly name: string;
  readonly text: string;
  readonly rival: string | undefined;
  readonly verdict: string;
  readonly figures: ReadonlyMap<string, ReadInterval>;
}

/** Null where nothing was measured: JSON has no other word for it. */
export interface ReadInterval {
  readonly estimate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const FORMAT = "filigree.verdict/1";

/** Every key of a document; those that a comparison needs must be there. */
const DOCUMENT_KEYS = Object.keys({
  format: 1,
  title: 1,
  file: 1,
  task: 1,
  hashes: 1,
  backend: 1,
  seed: 1,
  settings: 1,
  model: 1,
  claims: 1,
  met: 1,
} satisfies Record<keyof VerdictDocument, 1>);

const CLAIM_KEYS = Object.keys({
  name: 1,
  text: 1,
  line: 1,
  verdict: 1,
  expected: 1,
  met: 1,
  proven: 1,
  p: 1,
  rival: 1,
  why: 1,
  figures: 1,
  bounds: 1,
  controls: 1,
  worst: 1,
  notes: 1,
  forwardPasses: 1,
} satisfies Record<keyof ClaimVerdict, 1>);

/**
 * Reads verdict documents as `filigree check --json` prints them: one, or an array of them.
 *
 * @param where the file that the text comes from, for errors
 * @throws InputError where the text is none: what is wrong, and at which place of the document.
 */
export function parseVerdicts(text: string, where: string): ReadVerdicts[] {
  const root = JsonValue.parse(text, where);
  if (!root.isArray()) return [readDocument(root)];
  const documents = root.array();
  if (documents.length === 0) root.fail("an empty array", "a verdict document, or several in an array");
  return documents.map(readDocument);
}

function readDocument(document: JsonValue): ReadVerdicts {
  const format = new Map(document.entries()).get("format")?.any();
  if (format !== FORMAT) {
    const newer = typeof format === "string" && /^filigree\.verdict\/\d+$/u.test(format);
    const what = newer ? `a document of the format ${format}` : "this is not a verdict document";
    const hint = newer ? "a newer filigree wrote it" : "`filigree check --json` prints one";
    document.fail(what, `"format": "${FORMAT}"`, hint);
  }
  const key = keysOf(document, DOCUMENT_KEYS);
  const hashes = key("hashes").object(["file", "model", "data", "engine"]);
  const run = new Map([
    ...Object.entries(hashes).map(([name, value]) => [`hash of ${name}`, value.text()] as const),
    ["task", key("task").text()] as const,
    ["backend", key("backend").text()] as const,
    ...key("settings")
      .entries()
      .map(([name, value]) => [name, String(value.any())] as const),
  ]);
  return { file: key("file").text(), run, claims: key("claims").array().map(readClaim) };
}

function readClaim(claim: JsonValue): ReadClaim {
  const key = keysOf(claim, CLAIM_KEYS);
  const rival = new Map(claim.entries()).get("rival");
  return {
    name: key("name").text(),
    text: key("text").text(),
    rival: rival?.text(),
    verdict: key("verdict").text(),
    figures: new Map(
      key("figures")
        .entries()
        .map(([name, value]) => [name, readInterval(value)]),
    ),
  };
}

/** The members of an object by name; those that are asked for must be there, and no others than these may be. */
function keysOf(value: JsonValue, keys: readonly string[]): (key: string) => JsonValue {
  const members = value.object(keys.map((key) => `${key}?`)) as Record<string, JsonValue | undefined>;
  return (key) => members[key] ?? value.fail(`the key "${key}" is missing`);
}

function readInterval(value: JsonValue): ReadInterval {
  const { estimate, low, high } = value.object(["estimate", "low", "high", "n"]);
  const numberOrNull = (one: JsonValue) => (one.any() === null ? null : one.number());
  return { estimate: numberOrNull(estimate), low: numberOrNull(low), high: numberOrNull(high) };
}
