import { readFileSync } from "node:fs";
import type { QuoteLineFile } from "../../built-in/single-double-quote/quote-lines.ts";

/** The file that comes with this package. */
export function quoteLineFile(): QuoteLineFile {
  const file = new URL("../../built-in/single-double-quote/quote-lines.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as QuoteLineFile;
}
