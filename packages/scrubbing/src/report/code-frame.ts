import type { ClaimVerdict } from "../document.ts";
import { claimExtent } from "./claim-extent.ts";
import type { ClaimDetails } from "./details.ts";
import { exampleLines } from "./example-lines.ts";
import { reasonOf } from "./reason.ts";

/** How wide the lines of examples may be. */
const WIDTH = 100;

/**
 * A claim whose verdict is not the expected one, as errors of the file are shown: place, excerpt, reason. Plain text.
 *
 * ```
 * quotes.circuit:7:1: refuted: expected supported
 *   7 | attn L1 head 3.v at opener carries quote type
 *     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 *   donors with another quote type do not move the answer to theirs (…)
 * ```
 * @param source the text of the file
 */
export function claimFrame(verdict: ClaimVerdict, details: ClaimDetails, file: string, source: string): string {
  const { line, text, why, expected } = verdict;
  const { column } = details;
  const excerpt = source.split(/\r\n|\r|\n/u)[line - 1] ?? "";
  const extent = claimExtent(source, { line, column }, text);
  const room = excerpt.length - (column - 1);
  const marked = Math.max(1, Math.min(extent ? extent.end - extent.start : text.length, room));
  const gutter = String(line);
  const blank = " ".repeat(gutter.length);
  const reason = reasonOf(verdict, details);
  return [
    `${file}:${line}:${column}: ${verdict.verdict}: expected ${expected}`,
    `  ${gutter} | ${excerpt.replace(/\t/gu, " ")}`.trimEnd(),
    `  ${blank} | ${" ".repeat(column - 1)}${"^".repeat(marked)}`,
    `  ${why}`,
    ...(reason ? [`  ${reason.sentence}`, ...exampleLines(reason, WIDTH - 2).map((text) => `  ${text}`)] : []),
  ].join("\n");
}
