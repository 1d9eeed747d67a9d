import { featureOf } from "../data/dataset.ts";
import { answerPredictor } from "../data/predicted-answers.ts";
import { leaning } from "../engine/answers.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { quantile, type Interval } from "../statistics/bootstrap.ts";
import type { ClaimContext, Control } from "./evidence.ts";

/** How many shuffles a null takes. */
export const SHUFFLES = 99;

/**
 * The null of shuffled labels: the feature's values are dealt anew among the examples, and r is computed again over
 * the swaps at random, those whose shuffled values agree against all. A claim whose r is no smaller than the null's
 * fifth percentile says nothing about the feature.
 */
export function shuffledLabels(
  context: ClaimContext,
  feature: string,
  atRandom: readonly SwapOutcome[],
  own: Interval,
): { control: Control; vacuous: string | undefined } {
  const { dataset } = context;
  const values = dataset.examples.map((example) => featureOf(example, feature));
  const random = context.random("shuffled labels");
  const all = mean(atRandom.map(({ delta2 }) => delta2));
  const ratio = (labels: readonly unknown[]) => {
    let [sum, count] = [0, 0];
    for (const { swap, delta2 } of atRandom) {
      if (labels[swap.reference] !== labels[swap.donor]) continue;
      sum += delta2;
      count++;
    }
    // No pair with equal shuffled values, or no effect at all: EQ is then as good as ANY.
    return count > 0 && all > 0 ? sum / count / all : 1;
  };
  const draws = Array.from({ length: SHUFFLES }, () => ratio(random.shuffle(values))).sort((a, b) => a - b);
  const r: Interval = {
    estimate: quantile(draws, 0.5),
    low: quantile(draws, 0.05),
    high: quantile(draws, 0.95),
    n: SHUFFLES,
  };
  return {
    control: { name: "shuffled labels", figures: { r } },
    vacuous:
      own.estimate < r.low
        ? undefined
        : `r is no better than with shuffled values of ${feature} (${SHUFFLES} shuffles, fifth percentile ${r.low.toFixed(3)})`,
  };
}

/**
 * The null of shuffled labels for what a feature changes: over the swaps at random whose shuffled values differ, how far
 * the answer goes to the one predicted by the true values; where none is predicted, how much more it changes than where
 * shuffled values agree. A claim that reaches no more with its own labels than the 95th percentile says nothing.
 */
export function shuffledShifts(
  context: ClaimContext,
  feature: string,
  atRandom: readonly SwapOutcome[],
): { control: Control; vacuous: string | undefined } {
  const { dataset } = context;
  const values = dataset.examples.map((example) => featureOf(example, feature));
  const predict = answerPredictor(dataset, feature);
  const answers = atRandom.map(({ swap }) => predict(dataset.examples[swap.reference]!, dataset.examples[swap.donor]!));
  const predicted = answers.filter((answer) => answer !== undefined).length >= atRandom.length / 2;
  const moved = atRandom.map(({ swap, before, after, delta2 }, i) => {
    if (!predicted) return delta2;
    const [x, answer] = [dataset.examples[swap.reference]!, answers[i]];
    return answer === undefined ? 0 : leaning(x, after, answer) - leaning(x, before, answer);
  });
  const reach = (labels: readonly unknown[]) => {
    const [apart, equal] = [
      { sum: 0, count: 0 },
      { sum: 0, count: 0 },
    ];
    atRandom.forEach(({ swap }, i) => {
      const side = labels[swap.reference] === labels[swap.donor] ? equal : apart;
      side.sum += moved[i]!;
      side.count++;
    });
    const meanOf = ({ sum, count }: typeof apart) => sum / Math.max(1, count);
    return predicted ? meanOf(apart) : meanOf(apart) - meanOf(equal);
  };
  const random = context.random("shuffled labels");
  const draws = Array.from({ length: SHUFFLES }, () => reach(random.shuffle(values))).sort((a, b) => a - b);
  const change: Interval = {
    estimate: quantile(draws, 0.5),
    low: quantile(draws, 0.05),
    high: quantile(draws, 0.95),
    n: SHUFFLES,
  };
  return {
    control: { name: "shuffled labels", figures: { [predicted ? "shift" : "difference"]: change } },
    vacuous:
      reach(values) > change.high
        ? undefined
        : `shuffled values of ${feature} reach as much (${SHUFFLES} shuffles, 95th percentile ${change.high.toFixed(3)})`,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
