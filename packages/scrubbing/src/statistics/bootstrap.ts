import type { RandomStream } from "@filigree/core";

/** An estimate with its interval; `n` is the number of references behind it. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Measurements, one a swap, with where they come from. */
export interface Sample {
  readonly values: Float64Array;
  /** 1 / (number of this reference's measurements): every reference counts once. */
  readonly weights: Float64Array;
  /** Cluster of the reference and of the donor. */
  readonly referenceClusters: Int32Array;
  readonly donorClusters: Int32Array;
  /** Number of different references. */
  readonly references: number;
}

/** How often the data is drawn again. */
export const BOOTSTRAP_DRAWS = 2000;

/** From fewer clusters than this a bootstrap says nothing: intervals of a handful of clusters are far too narrow. */
export const FEWEST_CLUSTERS = 8;

/**
 * Percentile bootstrap in two ways (pigeonhole bootstrap, Owen 2007): clusters of references and clusters of donors are
 * drawn again independently, and a measurement counts as often as its reference's cluster times its donor's. A draw in
 * which the figure has no value could be anything: it counts at both ends. So could the figure of too few clusters.
 *
 * @param samples what the figure is made of
 * @param figure the figure as a function of the samples' weighted means
 * @param alpha 1 − the interval's coverage
 */
export function bootstrap(
  samples: readonly Sample[],
  figure: (means: readonly number[]) => number,
  options: { clusters: number; alpha: number; random: RandomStream },
): Interval {
  const { clusters, alpha, random } = options;
  const once = new Float64Array(clusters).fill(1);
  const estimate = figure(samples.map((sample) => weightedMean(sample, once, once)));
  const n = Math.max(0, ...samples.map(({ references }) => references));
  if (!Number.isFinite(estimate)) return { estimate, low: estimate, high: estimate, n };
  const fewest = Math.min(...samples.map(({ referenceClusters }) => new Set(referenceClusters).size));
  if (fewest < FEWEST_CLUSTERS) return { estimate, low: -Infinity, high: Infinity, n };
  const constant = samples.every((sample) => sample.values.every((value) => value === sample.values[0]));
  if (constant) return { estimate, low: estimate, high: estimate, n };
  const lows: number[] = [];
  const highs: number[] = [];
  for (let i = 0; i < BOOTSTRAP_DRAWS; i++) {
    const references = multiplicities(clusters, random);
    const donors = multiplicities(clusters, random);
    const value = figure(samples.map((sample) => weightedMean(sample, references, donors)));
    lows.push(Number.isNaN(value) ? -Infinity : value);
    highs.push(Number.isNaN(value) ? Infinity : value);
  }
  const sorted = (draws: number[]) => Float64Array.from(draws).sort();
  return { estimate, low: quantile(sorted(lows), alpha / 2), high: quantile(sorted(highs), 1 - alpha / 2), n };
}

/** How often each of n clusters comes up in n draws. */
function multiplicities(n: number, random: RandomStream): Float64Array {
  const counts = new Float64Array(n);
  for (let i = 0; i < n; i++) counts[random.integer(n)]!++;
  return counts;
}

function weightedMean(sample: Sample, references: Float64Array, donors: Float64Array): number {
  const { values, weights, referenceClusters, donorClusters } = sample;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const w = weights[i]! * references[referenceClusters[i]!]! * donors[donorClusters[i]!]!;
    sum += w * values[i]!;
    total += w;
  }
  return total > 0 ? sum / total : NaN;
}

/** The q-quantile of ascending values, by linear interpolation; NaN of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return NaN;
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  if (below === above || below === -Infinity) return below;
  return below + (at - Math.floor(at)) * (above - below);
}
