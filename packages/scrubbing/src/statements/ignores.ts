import { DEFAULTS, type IgnoresStatement } from "@filigree/hypothesis";
import { drawDonors, ruleName, type DonorRule } from "../data/donors.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { partSwaps } from "./part-swaps.ts";
import { allowUnseen, effectSample, effectSize, shareIdentical } from "./swap-figures.ts";
import { donorProblem, featureProblem, partsFilter, positionProblem } from "./testability.ts";

/** `S ignores f`: donors that differ in f alone change nothing, although S does matter. */
export async function checkIgnores(context: ClaimContext, statement: IgnoresStatement): Promise<Evidence> {
  const { parts, feature, thresholds } = statement;
  const positions = parts.map(({ position }) => position);
  const problem = featureProblem(context, feature) ?? positionProblem(context, positions);
  if (problem !== undefined) return untestable(problem);
  const filter = partsFilter(context, parts);
  const draw = (rule: DonorRule) =>
    drawDonors(context.dataset, rule, context.settings.donors, context.random(ruleName(rule)), filter);
  const ne: DonorRule = { kind: "NE", feature };
  const donors = { ne: draw(ne), any: draw({ kind: "ANY" }) };
  const missing = donorProblem(ruleName(ne), donors.ne) ?? donorProblem("ANY", donors.any);
  if (missing !== undefined) return untestable(missing);

  const run = await partSwaps(context, parts, filter);
  const outcomes = { ne: await run(ruleName(ne), donors.ne), any: await run("ANY", donors.any) };
  const effects = { ne: effectSample(context, outcomes.ne), any: effectSample(context, outcomes.any) };
  const anyEffect = effectSize(context, "V(ANY)", effects.any);
  const figures = {
    V: allowUnseen(effectSize(context, "V", effects.ne), context.scale, effects.ne, effects.any),
    "V(ANY)": anyEffect,
  };
  return {
    figures,
    requirements: [
      {
        figure: "V",
        relation: "<=",
        threshold: thresholds.V,
        otherwise: `donors that differ in ${feature} alone change the answer`,
      },
    ],
    // Nothing can be concluded from a site that does nothing: it ignores everything.
    ...(anyEffect.low < DEFAULTS.inert && {
      vacuous: "the site may be inert: donors at random change the answer hardly more",
    }),
    controls: [],
    invariant: outcomes.ne,
    notes: [`${Math.round(100 * shareIdentical(outcomes.ne))} % of the ${ruleName(ne)} swaps wrote what was there`],
  };
}
