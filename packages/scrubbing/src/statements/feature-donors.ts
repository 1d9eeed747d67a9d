import { drawDonors, ruleName, type DonorFilter, type DonorRule } from "../data/donors.ts";
import type { ClaimContext } from "./evidence.ts";
import { donorProblem, servedByAll, type DonorsByRule } from "./testability.ts";

/** The donors that a claim about a feature compares, and how their rules are written. */
export interface FeatureDonors {
  readonly donors: DonorsByRule;
  readonly eq: string;
  readonly ne: string;
}

/** Draws EQ, NE and ANY donors over the references that all three serve; or says why too few are served. */
export function drawFeatureDonors(
  context: ClaimContext,
  feature: string,
  filter: DonorFilter,
): FeatureDonors | { readonly problem: string } {
  const { dataset, settings } = context;
  const draw = (rule: DonorRule) => drawDonors(dataset, rule, settings.donors, context.random(ruleName(rule)), filter);
  const rules = { eq: { kind: "EQ", feature }, ne: { kind: "NE", feature } } as const;
  const [eq, ne] = [ruleName(rules.eq), ruleName(rules.ne)];
  const drawn = { eq: draw(rules.eq), ne: draw(rules.ne), any: draw({ kind: "ANY" }) };
  const donors = servedByAll(drawn);
  const problem =
    donorProblem(ne, drawn.ne) ??
    donorProblem(eq, drawn.eq) ??
    donorProblem("ANY", drawn.any) ??
    donorProblem(`${ne} and ${eq}`, donors.eq);
  return problem === undefined ? { donors, eq, ne } : { problem };
}
