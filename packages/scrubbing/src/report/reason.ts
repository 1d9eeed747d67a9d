import type { ClaimVerdict } from "../document.ts";
import type { Bound } from "../verdict.ts";
import type { ClaimDetails, RuleDetails, ShownSwap } from "./details.ts";
import { grouped, percent } from "./words.ts";

/** What was seen of a bound that is not kept, for a person. */
export interface Reason {
  /** `swapping embed at opener between prompts with the same quote type changed 38 % of 2,048 answers`. */
  readonly sentence: string;
  /** The swap that speaks most clearly against the claim, where swaps show it. */
  readonly example?: ShownSwap;
  /** Whether the example is the one that changes most, where nothing should, or least, where much should. */
  readonly extreme: "most" | "least";
}

/**
 * Why a claim is refuted or open, in words: what was seen of the first bound that is not kept. Undefined where every bound
 * is kept, or where there are none, as of a claim that the weights decide: there `why` says all.
 */
export function reasonOf({ text, bounds }: ClaimVerdict, { rules }: ClaimDetails): Reason | undefined {
  const bound = bounds.find(({ side }) => side === "fails") ?? bounds.find(({ side }) => side === "straddles");
  if (bound === undefined) return undefined;
  const extreme = bound.relation === "<=" ? "most" : "least";
  const rule = rules.find((one) => one.rule === bound.rule);
  const sentences = [
    ...(rule ? [`${actionOf(rule.rule, text)} changed ${changedBy(rule, bound, rules)}`] : []),
    ...(bound.seen === undefined ? [] : [bound.seen]),
  ];
  if (sentences.length === 0) return undefined;
  const [example] = rule?.[extreme] ?? [];
  return { sentence: sentences.join("; "), extreme, ...(example && { example }) };
}

/** `38 % of 2,048 answers`. */
function changedBy({ rule, swaps, changed }: RuleDetails, bound: Bound, rules: readonly RuleDetails[]): string {
  const of = `of ${grouped(swaps)} answers`;
  // Figures of differences: what donors with an equal value change is to be seen beside it.
  const equal = DIFFERENCES.has(bound.figure) && rules.find((one) => one.rule === rule.replace("NE(", "EQ("));
  if (equal)
    return `${share(changed, swaps)} ${of}, between prompts with the same ${share(equal.changed, equal.swaps)}`;
  if (changed === 0) return bound.relation === "<=" ? `none ${of}, only how sure they are` : `none ${of}`;
  const only = bound.relation === ">=" && changed < swaps ? "only " : "";
  return `${only}${percent(changed / swaps)} ${of}`;
}

/** `none` says more than `0 %`. */
function share(changed: number, swaps: number): string {
  return changed === 0 ? "none" : percent(changed / swaps);
}

/** Figures that compare the swaps of NE with those of EQ. */
const DIFFERENCES: ReadonlySet<string> = new Set(["change", "control"]);

/** What the swaps of a rule do: `swapping embed at opener between prompts with the same quote type`. */
function actionOf(rule: string, claim: string): string {
  const subject = subjectOf(claim);
  if (rule === "fit") return `putting the fitted values in the place of ${subject}`;
  if (rule === "whole interpretation") return "swapping whatever the claims leave open";
  const [, part = "", kind = "", feature = ""] = /^(.*?)\s*(EQ|NE|ANY)(?:\((.*)\))?$/u.exec(rule) ?? [];
  const donor = DONORS[kind]?.(feature);
  if (donor === undefined) return `swapping as in "${rule}"`;
  switch (part) {
    case "":
      return `swapping ${subject} ${donor}${held(claim)}`;
    case "outside ←":
      return `swapping all nodes outside the circuit ${donor}`;
    case "circuit ←":
      return `swapping the nodes of the circuit ${donor}`;
    case "computed":
      return `working ${subject} out from its inputs alone, swapped ${donor},`;
    default:
      if (/\bedges? /u.test(part)) return `swapping ${edgesOf(part)} ${donor}`;
      return `swapping ${part} of ${subject} ${donor}`;
  }
}

/** What a rule replaces that cuts edges: `outside and 5 edges inside ←`, `5 edges of the circuit ←`. */
function edgesOf(part: string): string {
  const [, count, inside] = /^(?:outside and )?(.*?) (inside|of the circuit) ←$/u.exec(part) ?? [];
  return inside === "inside" ? `all nodes outside the circuit and ${count} inside it` : `${count} of the circuit`;
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

/** What stays as it was, of `does not affect … except through …`. */
function held(claim: string): string {
  const [, through] = /\sexcept through\s+(.*?)(?:\s+(?:when|any index|with norms held)\b.*)?$/su.exec(claim) ?? [];
  return through === undefined ? "" : `, ${through} held as it was,`;
}
