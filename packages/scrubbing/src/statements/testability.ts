import { parseSite } from "@filigree/core";
import type { Position, SitePart } from "@filigree/hypothesis";
import { featureOf } from "../data/dataset.ts";
import type { DonorFilter } from "../data/donors.ts";
import { confusedWith } from "../data/identifiability.ts";
import { hasRoles, roleFilter } from "../data/roles.ts";
import type { ClaimContext } from "./evidence.ts";

/** Why a claim about a feature cannot be decided on this data at all, if so. */
export function featureProblem({ dataset }: ClaimContext, feature: string): string | undefined {
  const values = new Set(dataset.examples.map((example) => featureOf(example, feature)));
  if (values.size < 2) {
    return `"${feature}" has one value in all ${dataset.examples.length} examples: add examples with another`;
  }
  const other = confusedWith(dataset, feature);
  if (other !== undefined) {
    return `"${feature}" is not identified: it varies together with "${other}"; add examples where they differ`;
  }
  return undefined;
}

/** Why positions are not there to be swapped, if so. */
export function positionProblem(context: ClaimContext, positions: readonly Position[]): string | undefined {
  const references = context.dataset.examples.filter((example) => context.isReference(example));
  if (references.length === 0) return "of no example is the condition after `when` true";
  const without = references.filter((example) => !hasRoles(example, positions)).length;
  const share = without / references.length;
  if (share <= 0.5) return undefined;
  return `${Math.round(100 * share)} % of the examples lack a position that the claim names`;
}

/** Why a rule leaves too few of so many references with donors, if so. */
export function donorProblem(
  rule: string,
  donors: readonly (readonly number[])[],
  references: number = donors.length,
): string | undefined {
  const served = donors.filter((list) => list.length > 0).length;
  if (served >= references / 2) return undefined;
  return (
    `only ${served} of ${references} references have an ${rule} donor: ` +
    `add contrast partners, or examples of equal length where a claim names all positions`
  );
}

/** Donors of each reference, by rule. */
export interface DonorsByRule {
  readonly eq: readonly (readonly number[])[];
  readonly ne: readonly (readonly number[])[];
  readonly any: readonly (readonly number[])[];
}

/**
 * Leaves out the references that some rule does not serve. Figures of two rules compare only over the same references:
 * else those that the feature cannot be tested on would speak for it.
 */
export function servedByAll({ eq, ne, any }: DonorsByRule): DonorsByRule {
  const lists = [eq, ne, any];
  const keep = (list: readonly (readonly number[])[]) =>
    list.map((donors, i) => (lists.every((other) => other[i]!.length > 0) ? donors : []));
  return { eq: keep(eq), ne: keep(ne), any: keep(any) };
}

/** The donors of the swaps of these parts; only the claim's references that have their positions get any. */
export function partsFilter(context: ClaimContext, parts: readonly SitePart[]): DonorFilter {
  // A row of a pattern has as many keys as its example has tokens.
  const pattern = parts.some(({ site }) => parseSite(site).kind === "attn.pattern");
  return swapFilter(
    context,
    parts.map(({ position }) => position),
    pattern,
  );
}

/** The donors of the swaps at these positions; only the claim's references that have the positions get any. */
export function swapFilter(context: ClaimContext, positions: readonly Position[], equalLength = false): DonorFilter {
  const roles = roleFilter(context.dataset, positions, equalLength);
  return (x, y) => context.isReference(x) && roles(x, y);
}
