import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomStream, seed } from "@filigree/core";

/** Symbols of the compiled program close_quote: its answer at each token is the last quote so far. */
const VOCABULARY = ['"', "'", "(", "a", "b", "c", "compiler_bos"];
const id = (symbol: string) => VOCABULARY.indexOf(symbol);

/**
 * Writes a task for the compiled program: one quote among fillers, at a place that varies, with its contrast partner.
 * Features: the quote's type and the last filler, which does not matter.
 */
export function writeTracrQuotes(pairs: number): string {
  const random = randomStream(seed(1), "test/tracr-quotes");
  const lines: string[] = [
    JSON.stringify({ format: "filigree.task/1", name: "close quote", answers: [0, 1], nuisance: ["filler"] }),
  ];
  const seen = new Set<string>();
  while (lines.length < 2 * pairs + 1) {
    const opener = 1 + random.integer(5);
    const symbols = Array.from({ length: 8 }, () => "(abc"[random.integer(4)]!);
    const tokens = ["compiler_bos", ...symbols];
    const key = tokens.map((token, i) => (i === opener ? "?" : token)).join();
    if (seen.has(key)) continue;
    seen.add(key);
    const first = lines.length - 1;
    [0, 1].forEach((quote) => {
      tokens[opener] = VOCABULARY[quote]!;
      lines.push(
        JSON.stringify({
          ids: tokens.map(id),
          answer: quote,
          position: 8,
          features: { "quote type": quote === 0 ? "double" : "single", filler: tokens[8] },
          positions: { opener, filler: 8 },
          pair: first + (1 - quote),
          split: "test",
        }),
      );
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "filigree-"));
  writeFileSync(join(folder, "quotes.jsonl"), `${lines.join("\n")}\n`);
  return folder;
}
