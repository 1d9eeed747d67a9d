import { allowedDonors, ruleName, sampleDonors, type DonorFilter, type DonorRule } from "../data/donors.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import type { ClaimContext } from "./evidence.ts";
import { freedomOf } from "./freedom.ts";
import { donorProblem, servedByAll, type DonorsByRule } from "./testability.ts";

/** The donors that a claim about a feature compares, and how their rules are written. */
export interface FeatureDonors {
  readonly donors: DonorsByRule;
  readonly eq: string;
  readonly ne: string;
  /** How free the EQ donors are. */
  readonly freedom: Interval;
}

/** Draws EQ, NE and ANY donors over the references that all three serve; or says why too few are served. */
export function drawFeatureDonors(
  context: ClaimContext,
  feature: string,
  filter: DonorFilter,
): FeatureDonors | { readonly problem: string } {
  const { dataset, settings, references } = context;
  const allowed = (rule: DonorRule) => allowedDonors(dataset, rule, filter);
  const draw = (rule: DonorRule, from: readonly (readonly number[])[]) =>
    sampleDonors(dataset, rule, from, settings.donors, context.random(ruleName(rule)));
  const rules = { eq: { kind: "EQ", feature }, ne: { kind: "NE", feature }, any: { kind: "ANY" } } as const;
  const [eq, ne] = [ruleName(rules.eq), ruleName(rules.ne)];
  const equal = allowed(rules.eq);
  const drawn = {
    eq: draw(rules.eq, equal),
    ne: draw(rules.ne, allowed(rules.ne)),
    any: draw(rules.any, allowed(rules.any)),
  };
  const donors = servedByAll(drawn);
  const problem =
    donorProblem(ne, drawn.ne, references) ??
    donorProblem(eq, drawn.eq, references) ??
    donorProblem("ANY", drawn.any, references) ??
    donorProblem(`${ne} and ${eq}`, donors.eq, references);
  return problem === undefined ? { donors, eq, ne, freedom: freedomOf(dataset, [equal]) } : { problem };
}
