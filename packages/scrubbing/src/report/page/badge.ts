import { escaped } from "@filigree/core";
import type { ClaimVerdict } from "../../document.ts";

/** The verdict as a word, with a mark that says whether it is the expected one. */
export function badge({ verdict, met, expected }: ClaimVerdict): string {
  const about = met ? `as expected` : `expected ${expected}`;
  const mark = met ? "✓" : "✗";
  return `<span class="badge ${verdictClass(verdict)}${met ? "" : " unmet"}" title="${escaped(about)}">${mark} ${escaped(verdict)}</span>`;
}

/** A verdict as the name of a class. */
export function verdictClass(verdict: string): string {
  return verdict.replace(/[^a-z]+/gu, "-");
}
