import { DEFAULTS, type CarriesStatement } from "@filigree/hypothesis";
import { answerPredictor } from "../data/predicted-answers.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { adversary, effectsOf } from "./adversary.ts";
import { changeRequirement } from "./contains.ts";
import { untestable, type ClaimContext, type Evidence, type Requirement } from "./evidence.ts";
import { featureSwaps } from "./feature-swaps.ts";
import { shuffledLabels } from "./label-null.ts";
import {
  effectSample,
  effectSize,
  featureChange,
  mattersAtAll,
  recoveredLoss,
  shareIdentical,
  transferFigures,
  unexplainedByFeature,
} from "./swap-figures.ts";

/**
 * `S carries f`: what S does depends on f (transfer, or change where no answer is predicted) and, as far as it
 * matters at all, on nothing else (r). `S carries at most f`: it need not tell all values of f apart.
 */
export async function checkCarries(context: ClaimContext, statement: CarriesStatement): Promise<Evidence> {
  const { feature, thresholds } = statement;
  const swapped = await featureSwaps(context, statement);
  if ("problem" in swapped) return untestable(swapped.problem);
  const { outcomes, eq, ne, freedom } = swapped;
  const effects = {
    eq: effectSample(context, outcomes.eq),
    any: effectSample(context, outcomes.any),
  };
  const { transfer, agreement } = transferFigures(context, feature, outcomes.ne);
  const r = unexplainedByFeature(context, effects.eq, effects.any);
  const figures: Record<string, Interval> = {
    V: effectSize(context, effects.any),
    r,
    ...(transfer && { transfer }),
    ...(agreement && { agreement }),
    change: featureChange(context, outcomes.ne, outcomes.eq),
    recovered: recoveredLoss(context, outcomes.eq),
    freedom,
  };
  const requirements: Requirement[] = [
    mattersAtAll("V"),
    {
      figure: "r",
      relation: "<=",
      threshold: thresholds.r,
      otherwise: `the site does more than ${feature} explains: donors with an equal value change the answer too`,
      rule: eq,
    },
    changeRequirement(feature, thresholds, transfer, ne),
  ];
  const fine = statement.atMost ? undefined : tooFine(context, feature, outcomes.ne, outcomes.eq);
  if (fine) {
    figures["distinguishes"] = fine.distinguishes;
    requirements.push({
      figure: "distinguishes",
      relation: ">=",
      threshold: DEFAULTS.inert,
      otherwise: `"${feature}" is too fine: values of it that predict one answer are not told apart; claim a coarser feature`,
      seen:
        `swaps between values of ${feature} that call for one answer do ${percent(fine.between)} of what ` +
        `a whole other prompt does, those of equal values ${percent(fine.equal)}`,
    });
  }
  const shuffled = shuffledLabels(context, feature, outcomes.any, r);
  const worst = adversary(context, {
    figure: "r",
    threshold: thresholds.r,
    swaps: effectsOf(outcomes.eq),
    rule: eq,
    base: effectsOf(outcomes.any),
  });
  return {
    figures: { ...figures, ...worst.figures },
    requirements: [...requirements, ...worst.requirements],
    ...(shuffled.vacuous !== undefined && { vacuous: shuffled.vacuous }),
    controls: [shuffled.control, ...worst.controls],
    invariant: outcomes.eq,
    notes: [`${Math.round(100 * shareIdentical(outcomes.eq))} % of the ${eq} swaps wrote what was there`],
  };
}

/**
 * Where different values of f predict one answer, how much more they change than equal values do: a site that does not
 * tell them apart carries something coarser.
 */
function tooFine(
  context: ClaimContext,
  feature: string,
  differing: readonly SwapOutcome[],
  equal: readonly SwapOutcome[],
): { distinguishes: Interval; between: number; equal: number } | undefined {
  const { dataset } = context;
  const predict = answerPredictor(dataset, feature);
  const alike = differing.filter(({ swap }) => {
    const x = dataset.examples[swap.reference]!;
    return predict(x, dataset.examples[swap.donor]!) === x.answer;
  });
  if (alike.length === 0) return undefined;
  return {
    distinguishes: featureChange(context, alike, equal),
    between: effectSize(context, effectSample(context, alike)).estimate,
    equal: effectSize(context, effectSample(context, equal)).estimate,
  };
}
