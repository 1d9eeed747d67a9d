import { sha256, type Tokenizer } from "@filigree/core";
import type { CorpusFile } from "../../corpus/split-corpus.ts";
import { encodeDraft } from "../../define/encode-draft.ts";
import { quoteDrafts } from "./quote-drafts.ts";
import type { QuoteLine } from "./quote-lines.ts";
import { singleDoubleQuote } from "./single-double-quote.ts";

/** Most lines from one file, so that no file's habits make up the task. */
const LINES_PER_FILE = 48;

/** One file in so many gives dev lines; the others give test lines. */
const DEV_ONE_IN = 5;

/** A call whose first string has no quote, backslash or bracket in it, and no quote or comment before it. */
const CALL = /^([^'"#]*)\((["'])([^'"\\()]+)\2\)/u;

/**
 * Cuts single-line calls such as `    raise ValueError("file not found")` at the closing quote, from the held-out files
 * of a corpus. Left out: lines that the vocabulary does not cut as the task needs it, lines that a training file has
 * too (with either quote), repeated lines, and dev lines whose string a test line has.
 */
export function cutQuoteLines(files: readonly CorpusFile[], tokenizer: Tokenizer): QuoteLine[] {
  const known = new Set<string>();
  for (const file of files) if (!file.heldOut) for (const line of callsOf(file)) known.add(keyOf(line));
  const lines: QuoteLine[] = [];
  for (const file of files) {
    if (!file.heldOut) continue;
    const fresh: QuoteLine[] = [];
    for (const line of callsOf(file)) {
      if (known.has(keyOf(line)) || !isExpressible(line, tokenizer)) continue;
      known.add(keyOf(line));
      fresh.push(line);
    }
    lines.push(...thinOut(fresh));
  }
  const testBodies = new Set(lines.filter((line) => line.split === "test").map((line) => line.body));
  return lines.filter((line) => line.split === "test" || !testBodies.has(line.body));
}

function callsOf({ path, text }: CorpusFile): QuoteLine[] {
  const split =
    Number.parseInt(hashOf(`filigree-dev-lines/${path}`).slice(0, 8), 16) % DEV_ONE_IN === 0 ? "dev" : "test";
  return text.split(/\r\n|[\r\n]/u).flatMap((line): QuoteLine[] => {
    const call = CALL.exec(line);
    if (call === null) return [];
    return [{ before: call[1]!, body: call[3]!, kind: call[2] === "'" ? "single" : "double", file: path, split }];
  });
}

/** Equal for two lines that differ in indentation and quotes alone. */
function keyOf({ before, body }: QuoteLine): string {
  return JSON.stringify([before.trimStart(), body]);
}

function isExpressible(line: QuoteLine, tokenizer: Tokenizer): boolean {
  const limits = { tokenizer, outSize: tokenizer.vocabSize, maxTokens: singleDoubleQuote.maxTokens };
  return quoteDrafts(line).every((draft) => !("refusal" in encodeDraft(draft, limits)));
}

/** At most {@link LINES_PER_FILE} lines, chosen by their hash, in their order. */
function thinOut(lines: readonly QuoteLine[]): QuoteLine[] {
  const byHash = lines.map((line) => ({ line, hash: hashOf(keyOf(line)) }));
  byHash.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const chosen = new Set(byHash.slice(0, LINES_PER_FILE).map(({ line }) => line));
  return lines.filter((line) => chosen.has(line));
}

/** In hexadecimal. */
function hashOf(text: string): string {
  return sha256().update(text).hex();
}
