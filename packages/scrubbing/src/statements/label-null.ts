import { featureOf } from "../data/dataset.ts";
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
  const draws: number[] = [];
  for (let i = 0; i < SHUFFLES; i++) {
    const shuffled = random.shuffle(values);
    const equal = atRandom.filter(({ swap }) => shuffled[swap.reference] === shuffled[swap.donor]);
    // No pair with equal shuffled values, or no effect at all: EQ is then as good as ANY.
    draws.push(equal.length > 0 && all > 0 ? mean(equal.map(({ delta2 }) => delta2)) / all : 1);
  }
  draws.sort((a, b) => a - b);
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

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
