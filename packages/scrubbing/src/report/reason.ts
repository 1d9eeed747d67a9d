import type { ClaimVerdict } from "../document.ts";
import type { ClaimDetails, ShownSwap } from "./details.ts";
import { grouped, percent } from "./words.ts";

/** What was seen of a bound that is not kept, for a person. */
export interface Reason {
  /** `swapping embed at opener between prompts with the same quote type changed 38 % of 2,048 answers`. */
  readonly sentence: string;
  /** The swap that speaks most clearly against the claim. */
  readonly example: ShownSwap;
  /** Whether the example is the one that changes most, where nothing should, or least, where much should. */
  readonly extreme: "most" | "least";
}

/**
 * Why a claim is refuted or open, in words: what the swaps of the first bound that is not kept did. Undefined where
 * every bound is kept, or where that bound does not come from swaps.
 */
export function reasonOf({ text, bounds }: ClaimVerdict, details: ClaimDetails): Reason | undefined {
  const bound = bounds.find(({ side }) => side === "fails") ?? bounds.find(({ side }) => side === "straddles");
  const rule = details.rules.find((one) => one.rule === bound?.rule);
  if (bound === undefined || rule === undefined) return undefined;
  const extreme = bound.relation === "<=" ? "most" : "least";
  const [example] = rule[extreme];
  if (example === undefined) return undefined;
  const only = extreme === "least" && rule.changed < rule.swaps ? "only " : "";
  const share = rule.changed === 0 ? "none" : `${only}${percent(rule.changed / rule.swaps)}`;
  const changed = `changed ${share} of ${grouped(rule.swaps)} answers`;
  return { sentence: `swapping ${whatOf(rule.rule, text)} ${changed}`, example, extreme };
}

/** What is swapped and for what: `embed at opener with an equal quote type`. */
function whatOf(rule: string, claim: string): string {
  const [, part = "", kind = "", feature = ""] = /^(.*?)\s*(EQ|NE|ANY)(?:\((.*)\))?$/u.exec(rule) ?? [];
  const donor = DONORS[kind]?.(feature);
  if (donor === undefined) return `as in "${rule}"`;
  if (part === "outside ←") return `all nodes outside the circuit ${donor}`;
  if (part === "circuit ←") return `the nodes of the circuit ${donor}`;
  const subject = subjectOf(claim);
  return part === "" ? `${subject} ${donor}` : `${part} of ${subject} ${donor}`;
}

const DONORS: Readonly<Record<string, (feature: string) => string>> = {
  EQ: (feature) => `between prompts with the same ${feature}`,
  NE: (feature) => `between prompts that differ in ${feature}`,
  ANY: () => "between prompts at random",
};

/** What stands before the verb. */
function subjectOf(claim: string): string {
  const [, subject] =
    /^((?:"[^"]*"|`[^`]*`|[^"`])*?)\s+(?:carries|contains|ignores|computes|equals|copies|attends|affects|does not affect|is)\b/u.exec(
      claim,
    ) ?? [];
  return subject ?? "the site";
}
