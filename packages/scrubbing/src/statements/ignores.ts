import { DEFAULTS, type IgnoresStatement } from "@filigree/hypothesis";
import { allowedDonors, drawDonors, ruleName, sampleDonors, type DonorRule } from "../data/donors.ts";
import { adversary, effectsOf } from "./adversary.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { freedomOf } from "./freedom.ts";
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
  const { dataset, settings, references } = context;
  const ne: DonorRule = { kind: "NE", feature };
  const allowed = allowedDonors(dataset, ne, filter);
  const donors = {
    ne: sampleDonors(dataset, ne, allowed, settings.donors, context.random(ruleName(ne))),
    any: drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random("ANY"), filter),
  };
  const missing = donorProblem(ruleName(ne), donors.ne, references) ?? donorProblem("ANY", donors.any, references);
  if (missing !== undefined) return untestable(missing);

  const run = await partSwaps(context, parts, filter);
  const outcomes = { ne: await run(ruleName(ne), donors.ne), any: await run("ANY", donors.any) };
  const effects = { ne: effectSample(context, outcomes.ne), any: effectSample(context, outcomes.any) };
  const anyEffect = effectSize(context, effects.any);
  const figures = {
    V: allowUnseen(effectSize(context, effects.ne), context.scale, effects.ne, effects.any),
    "V(ANY)": anyEffect,
    freedom: freedomOf(dataset, [allowed]),
  };
  const worst = adversary(context, {
    figure: "V",
    threshold: thresholds.V,
    swaps: effectsOf(outcomes.ne),
    rule: ruleName(ne),
    base: context.distances,
  });
  return {
    figures: { ...figures, ...worst.figures },
    requirements: [
      {
        figure: "V",
        relation: "<=",
        threshold: thresholds.V,
        otherwise: `donors that differ in ${feature} alone change the answer`,
        rule: ruleName(ne),
      },
      ...worst.requirements,
    ],
    // Nothing can be concluded from a site that does nothing: it ignores everything.
    ...(anyEffect.low < DEFAULTS.inert && {
      vacuous: "the site may be inert: donors at random change the answer hardly more",
    }),
    controls: worst.controls,
    invariant: outcomes.ne,
    notes: [`${Math.round(100 * shareIdentical(outcomes.ne))} % of the ${ruleName(ne)} swaps wrote what was there`],
  };
}
