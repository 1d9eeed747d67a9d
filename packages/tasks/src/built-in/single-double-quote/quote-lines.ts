import { quoteLineFile } from "#platform/quote-line-file";
import type { Split } from "../../task.ts";
import type { QuoteType } from "./quote-drafts.ts";

/** A line of source code cut at a string's closing quote: `before` + `("` + `body`. */
export interface QuoteLine {
  /** The line up to the opening bracket, indentation included. */
  readonly before: string;
  readonly body: string;
  /** The quote that the source file uses. */
  readonly kind: QuoteType;
  /** Path of the source file below the corpus's root. */
  readonly file: string;
  readonly split: Split;
}

/** What `quote-lines.json` holds. */
export interface QuoteLineFile {
  readonly notice: string;
  readonly lines: readonly QuoteLine[];
}

/** The lines that come with this package. */
export function readQuoteLines(): readonly QuoteLine[] {
  return quoteLineFile().lines;
}
