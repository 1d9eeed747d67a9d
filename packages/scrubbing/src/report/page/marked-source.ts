import { escaped } from "@filigree/core";
import type { ClaimVerdict } from "../../document.ts";
import { claimExtent } from "../claim-extent.ts";
import type { ClaimDetails } from "../details.ts";
import { badge, verdictClass } from "./badge.ts";

interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Indices of the claims that it states: `is sufficient and necessary` states two. */
  readonly claims: number[];
}

/** The text of the file, line by line; each statement leads to its claim and carries its verdict. */
export function markedSource(
  source: string,
  claims: readonly ClaimVerdict[],
  details: readonly ClaimDetails[],
  anchors: readonly string[],
): string {
  const stretches = stretchesOf(source, claims, details);
  const lines: string[] = [];
  let start = 0;
  for (const line of source.replace(/(?:\r\n|\r|\n)$/u, "").split(/(?<=\r\n|\r(?!\n)|\n)/u)) {
    const end = start + line.length;
    const text = line.replace(/[\r\n]+$/u, "");
    lines.push(`<span>${lineMarkup(text, start, stretches, claims, anchors)}</span>`);
    start = end;
  }
  return `<pre class="source">${lines.join("")}</pre>`;
}

function stretchesOf(source: string, claims: readonly ClaimVerdict[], details: readonly ClaimDetails[]): Stretch[] {
  const found = new Map<number, Stretch>();
  claims.forEach(({ line, text }, i) => {
    const extent = claimExtent(source, { line, column: details[i]!.column }, text);
    if (!extent) return;
    const before = found.get(extent.start);
    if (before) before.claims.push(i);
    else found.set(extent.start, { ...extent, claims: [i] });
  });
  return [...found.values()].sort((a, b) => a.start - b.start);
}

function lineMarkup(
  text: string,
  start: number,
  stretches: readonly Stretch[],
  claims: readonly ClaimVerdict[],
  anchors: readonly string[],
): string {
  const end = start + text.length;
  let markup = "";
  let badges = "";
  let at = start;
  for (const stretch of stretches.filter((one) => one.start < end && one.end > start)) {
    const [from, to] = [Math.max(start, stretch.start), Math.min(end, stretch.end)];
    const first = claims[stretch.claims[0]!]!;
    markup += escaped(text.slice(at - start, from - start));
    markup += `<a class="${verdictClass(first.verdict)}" href="#${anchors[stretch.claims[0]!]!}">${escaped(text.slice(from - start, to - start))}</a>`;
    at = to;
    if (stretch.end <= end) badges += stretch.claims.map((i) => badge(claims[i]!)).join("");
  }
  return markup + escaped(text.slice(at - start)) + badges;
}
