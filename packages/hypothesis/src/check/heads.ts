import type { CopiesStatement } from "../hypothesis.ts";
import type { Sites } from "../syntax/tree.ts";
import type { Report } from "./report.ts";
import { describeTerm, type Term } from "./terms.ts";

/** The heads of one layer that terms name as whole heads; undefined where they name anything else, which is reported. */
export function wholeHeads(
  terms: readonly Term[],
  subject: Sites,
  verb: "copies" | "attends",
  report: Report,
): Pick<CopiesStatement, "layer" | "heads"> | undefined {
  const wrong = (why: string, hint?: string): undefined => report.error("wrong-sites", subject.span, why, hint);
  const parts = verb === "copies" ? [undefined, "out"] : [undefined, "out", "pattern"];
  let layer: number | undefined;
  let heads: "all" | number[] = [];
  for (const term of terms) {
    const { base, part, channels, position } = term;
    if (base.kind !== "attn") return wrong(`only attention ${verb}: ${describeTerm(term)} is not attention`);
    if (!parts.includes(part)) return wrong(`"${verb}" is about whole heads, not their .${part}`);
    if (channels !== undefined) return wrong(`"${verb}" is about whole heads, not some of their channels`);
    if (position !== undefined) return wrong(`"${verb}" has its positions in from and to, not at its heads`);
    if (layer !== undefined && layer !== base.layer)
      return wrong(`"${verb}" is about one layer`, "state one claim for each layer");
    layer = base.layer;
    heads =
      heads === "all" || base.heads === undefined
        ? "all"
        : [...new Set([...heads, ...base.heads])].sort((a, b) => a - b);
  }
  return layer === undefined ? wrong("these sites hold no heads") : { layer, heads };
}
