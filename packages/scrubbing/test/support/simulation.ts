import { randomStream, seed, type RandomStream } from "@filigree/core";
import type { Sample } from "../../src/index.ts";

/** What a simulated swap of reference i with donor j does. */
export type Effect = (reference: number, donor: number) => number;

/**
 * A sample as the engine makes it: `references` examples in contrast pairs, four donors each, drawn from among them.
 * Clusters are the pairs.
 */
export function simulatedSample(references: number, effect: Effect, random: RandomStream): Sample {
  const donors = 4;
  const pairs = Array.from({ length: references * donors }, (_, i) => {
    const reference = Math.floor(i / donors);
    return { reference, donor: (reference + 1 + random.integer(references - 1)) % references };
  });
  return {
    values: Float64Array.from(pairs, ({ reference, donor }) => effect(reference, donor)),
    weights: Float64Array.from(pairs, () => 1 / donors),
    referenceClusters: Int32Array.from(pairs, ({ reference }) => Math.floor(reference / 2)),
    donorClusters: Int32Array.from(pairs, ({ donor }) => Math.floor(donor / 2)),
    references,
  };
}

/** The streams of many repetitions. */
export function repetitions(count: number, name: string): RandomStream[] {
  return Array.from({ length: count }, (_, i) => randomStream(seed(i), `test/${name}`));
}

/** The largest count that a one-sided binomial test of `rate` at 99 % lets pass. */
export function binomialLimit(trials: number, rate: number): number {
  let term = (1 - rate) ** trials;
  let upTo = term;
  for (let k = 0; ; k++) {
    if (upTo >= 0.99) return k;
    term *= ((trials - k) / (k + 1)) * (rate / (1 - rate));
    upTo += term;
  }
}
