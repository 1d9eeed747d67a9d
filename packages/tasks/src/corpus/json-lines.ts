import { didYouMean, InputError } from "@filigree/core";

const NEWLINE = 0x0a;

/** One line of a JSON Lines file that holds a text. */
export interface JsonLine {
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * The texts of a JSON Lines file: one object a line, with the text under one key. Blank lines are passed over. A half of
 * a surrogate pair becomes U+FFFD.
 *
 * @throws InputError for a line that is not UTF-8, not an object, or has no such text; it names the line.
 */
export function* jsonLines(bytes: Uint8Array, key: string, where: string): Generator<JsonLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    line++;
    const text = textOf(bytes.subarray(start, end), decoder, key, `${where}:${line}`);
    if (text !== undefined) yield { line, text: wellFormed(text) };
    start = end + 1;
  }
}

function textOf(
  bytes: Uint8Array,
  decoder: InstanceType<typeof TextDecoder>,
  key: string,
  where: string,
): string | undefined {
  let line: string;
  try {
    line = decoder.decode(bytes).trim();
  } catch (cause) {
    throw new InputError({ what: "the line is not UTF-8 text", where, cause });
  }
  if (line === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InputError({
      what: `not JSON: ${(cause as Error).message}`,
      where,
      expected: "one object a line",
      cause,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError({ what: "the line is not an object", where, expected: `{"${key}": "…"}` });
  }
  const text = (value as Record<string, unknown>)[key];
  if (typeof text === "string") return text;
  const keys = Object.keys(value);
  const listed = keys.length === 0 ? "no keys" : `the keys ${keys.map((name) => `"${name}"`).join(", ")}`;
  throw new InputError({
    what: text === undefined ? `the line has no "${key}"` : `"${key}" is not a text`,
    where,
    expected: `a text under "${key}"; the line has ${listed}`,
    hint:
      (text === undefined && didYouMean(key, keys)) ||
      "data.text of the configuration names the key that holds the text",
  });
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
