import { DEFAULTS, type IgnoresStatement } from "@filigree/hypothesis";
import { drawDonors, ruleName, type DonorRule } from "../data/donors.ts";
import { siteSwap } from "../engine/site-swap.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { runSham } from "./sham.ts";
import { allowUnseen, effectSample, effectSize, shareIdentical } from "./swap-figures.ts";
import { donorProblem, featureProblem, partsFilter, positionProblem } from "./testability.ts";

/** `S ignores f`: donors that differ in f alone change nothing, although S does matter. */
export function checkIgnores(context: ClaimContext, statement: IgnoresStatement): Evidence {
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

  const swap = (reference: number, donor: number) => siteSwap(context.clean, parts, reference, donor);
  runSham(context, filter, swap);
  const run = (rule: string, lists: readonly (readonly number[])[]) =>
    context.run(
      rule,
      lists.flatMap((list, reference) => list.map((donor) => swap(reference, donor))),
    );
  const outcomes = { ne: run(ruleName(ne), donors.ne), any: run("ANY", donors.any) };
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
