import { DEFAULTS, type ContainsStatement } from "@filigree/hypothesis";
import type { Interval } from "../statistics/bootstrap.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { drawFeatureDonors } from "./feature-donors.ts";
import { shuffledShifts } from "./label-null.ts";
import { partSwaps } from "./part-swaps.ts";
import { effectSample, effectSize, featureChange, transferFigures } from "./swap-figures.ts";
import { featureProblem, partsFilter, positionProblem } from "./testability.ts";

/**
 * `S contains f`: the half of `carries` that says that something changes. Donors with another f move the answer to
 * theirs (transfer), or change it more than donors with an equal f do where no answer is predicted. S may hold more.
 */
export async function checkContains(context: ClaimContext, statement: ContainsStatement): Promise<Evidence> {
  const { parts, feature, thresholds } = statement;
  const positions = parts.map(({ position }) => position);
  const problem = featureProblem(context, feature) ?? positionProblem(context, positions);
  if (problem !== undefined) return untestable(problem);
  const filter = partsFilter(context, parts);
  const drawn = drawFeatureDonors(context, feature, filter);
  if ("problem" in drawn) return untestable(drawn.problem);
  const { donors, eq, ne, freedom } = drawn;

  const run = await partSwaps(context, parts, filter);
  const outcomes = { eq: await run(eq, donors.eq), ne: await run(ne, donors.ne), any: await run("ANY", donors.any) };
  const { transfer, agreement } = transferFigures(context, feature, outcomes.ne);
  const figures: Record<string, Interval> = {
    V: effectSize(context, "V", effectSample(context, outcomes.any)),
    ...(transfer && { transfer }),
    ...(agreement && { agreement }),
    change: featureChange(context, "change", outcomes.ne, outcomes.eq),
    freedom,
  };
  const shuffled = shuffledShifts(context, feature, outcomes.any);
  return {
    figures,
    requirements: [
      {
        figure: "V",
        relation: ">=",
        threshold: DEFAULTS.inert,
        otherwise: "the site is inert: no donor changes the answer",
        rule: "ANY",
      },
      changeRequirement(feature, thresholds, transfer !== undefined, ne),
    ],
    ...(shuffled.vacuous !== undefined && { vacuous: shuffled.vacuous }),
    controls: [shuffled.control],
    invariant: [],
    notes: [],
  };
}

/** What says that a site depends on the feature: transfer where answers are predicted, else change. */
export function changeRequirement(
  feature: string,
  thresholds: ContainsStatement["thresholds"],
  predicted: boolean,
  rule: string,
): Evidence["requirements"][number] {
  if (predicted) {
    return {
      figure: "transfer",
      relation: ">=",
      threshold: thresholds.transfer,
      otherwise: `donors with another ${feature} do not move the answer to theirs`,
      rule,
    };
  }
  return {
    figure: "change",
    relation: ">=",
    threshold: thresholds.change,
    otherwise: `donors with another ${feature} change the answer no more than donors with an equal one`,
    rule,
  };
}
