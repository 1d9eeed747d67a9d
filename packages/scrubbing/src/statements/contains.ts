import type { ContainsStatement } from "@filigree/hypothesis";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { untestable, type ClaimContext, type Evidence, type Requirement } from "./evidence.ts";
import { featureSwaps } from "./feature-swaps.ts";
import { shuffledShifts } from "./label-null.ts";
import { effectSample, effectSize, featureChange, mattersAtAll, transferFigures } from "./swap-figures.ts";

/**
 * `S contains f`: the half of `carries` that says that something changes. Donors with another f move the answer to
 * theirs (transfer), or change it more than donors with an equal f do where no answer is predicted. S may hold more.
 */
export async function checkContains(context: ClaimContext, statement: ContainsStatement): Promise<Evidence> {
  const { feature, thresholds } = statement;
  const swapped = await featureSwaps(context, statement);
  if ("problem" in swapped) return untestable(swapped.problem);
  const { outcomes, ne, freedom } = swapped;
  const { transfer, agreement } = transferFigures(context, feature, outcomes.ne);
  const figures: Record<string, Interval> = {
    V: effectSize(context, effectSample(context, outcomes.any)),
    ...(transfer && { transfer }),
    ...(agreement && { agreement }),
    change: featureChange(context, outcomes.ne, outcomes.eq),
    freedom,
  };
  const shuffled = shuffledShifts(context, feature, outcomes.any);
  return {
    figures,
    requirements: [mattersAtAll("V"), changeRequirement(feature, thresholds, transfer, ne)],
    ...(shuffled.vacuous !== undefined && { vacuous: shuffled.vacuous }),
    controls: [shuffled.control],
    invariant: [],
    notes: [],
  };
}

/** How far swaps move the answer, in words. */
export function movedBy({ estimate }: Interval): string {
  return `the answers move ${percent(estimate)} of the way to the predicted ones`;
}

/** What says that a site depends on the feature: transfer where answers are predicted, else change. */
export function changeRequirement(
  feature: string,
  thresholds: ContainsStatement["thresholds"],
  transfer: Interval | undefined,
  rule: string,
): Requirement {
  if (transfer) {
    return {
      figure: "transfer",
      relation: ">=",
      threshold: thresholds.transfer,
      otherwise: `donors with another ${feature} do not move the answer to theirs`,
      seen: movedBy(transfer),
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
