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
 * Clusters drawn again and again, of references and of donors. The same draws serve every figure of a dataset, and the
 * means of a sample that several figures are made of are worked out once.
 */
export class Resamples {
  /** [draws][clusters]: how often each cluster comes up. */
  readonly #references: readonly Uint8Array[];
  readonly #donors: readonly Uint8Array[];
  readonly #known = new WeakMap<Sample, Float64Array>();

  constructor(clusters: number, random: RandomStream) {
    const draws = () => Array.from({ length: BOOTSTRAP_DRAWS }, () => multiplicities(clusters, random));
    this.#references = draws();
    this.#donors = draws();
  }

  /** [draws]: the weighted mean of a sample in each draw; NaN where nothing of it was drawn. */
  means(sample: Sample): Float64Array {
    let means = this.#known.get(sample);
    if (!means) {
      const cells = cellsOf(sample);
      means = Float64Array.from(this.#references, (references, draw) =>
        meanOfDraw(cells, references, this.#donors[draw]!),
      );
      this.#known.set(sample, means);
    }
    return means;
  }
}

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
  { resamples, alpha }: { resamples: Resamples; alpha: number },
): Interval {
  const estimate = figure(samples.map(weightedMean));
  const n = Math.max(0, ...samples.map(({ references }) => references));
  if (!Number.isFinite(estimate)) return { estimate, low: estimate, high: estimate, n };
  const fewest = Math.min(...samples.map(({ referenceClusters }) => new Set(referenceClusters).size));
  if (fewest < FEWEST_CLUSTERS) return { estimate, low: -Infinity, high: Infinity, n };
  const constant = samples.every((sample) => sample.values.every((value) => value === sample.values[0]));
  if (constant) return { estimate, low: estimate, high: estimate, n };
  const means = samples.map((sample) => resamples.means(sample));
  const draws = Float64Array.from({ length: BOOTSTRAP_DRAWS }, (_, draw) => figure(means.map((mean) => mean[draw]!)));
  const lows = draws.map((value) => (Number.isNaN(value) ? -Infinity : value)).sort();
  const highs = draws.map((value) => (Number.isNaN(value) ? Infinity : value)).sort();
  return { estimate, low: quantile(lows, alpha / 2), high: quantile(highs, 1 - alpha / 2), n };
}

/** How often each of n clusters comes up in n draws. */
function multiplicities(n: number, random: RandomStream): Uint8Array {
  const counts = new Uint8Array(n);
  for (let i = 0; i < n; i++) counts[random.integer(n)]!++;
  return counts;
}

/**
 * Of each pair of clusters that occurs: the sum of weight · value, and of the weights. They are drawn together. Pairs of
 * one reference cluster follow each other.
 */
interface Cells {
  /** Reference clusters that occur. */
  readonly references: Int32Array;
  /** [references + 1]: where the pairs of each begin, and where the last one's end. */
  readonly starts: Int32Array;
  /** [pairs] */
  readonly donors: Int32Array;
  readonly sums: Float64Array;
  readonly totals: Float64Array;
}

function cellsOf({ values, weights, referenceClusters, donorClusters }: Sample): Cells {
  const places = new Map<number, Map<number, number>>();
  let pairs = 0;
  for (let i = 0; i < values.length; i++) {
    const reference = referenceClusters[i]!;
    let donors = places.get(reference);
    if (!donors) places.set(reference, (donors = new Map()));
    const donor = donorClusters[i]!;
    if (!donors.has(donor)) donors.set(donor, pairs++);
  }
  const inOrder = [...places.values()].flatMap((donors) => [...donors]);
  const rank = new Int32Array(pairs);
  inOrder.forEach(([, place], i) => (rank[place] = i));
  const [sums, totals] = [new Float64Array(pairs), new Float64Array(pairs)];
  for (let i = 0; i < values.length; i++) {
    const cell = rank[places.get(referenceClusters[i]!)!.get(donorClusters[i]!)!]!;
    sums[cell]! += weights[i]! * values[i]!;
    totals[cell]! += weights[i]!;
  }
  const starts = new Int32Array(places.size + 1);
  [...places.values()].forEach(({ size }, i) => (starts[i + 1] = starts[i]! + size));
  return {
    references: Int32Array.from(places.keys()),
    starts,
    donors: Int32Array.from(inOrder, ([donor]) => donor),
    sums,
    totals,
  };
}

function meanOfDraw({ references, starts, donors, sums, totals }: Cells, drawn: Uint8Array, among: Uint8Array): number {
  let sum = 0;
  let total = 0;
  for (let r = 0; r < references.length; r++) {
    // Of n clusters drawn n times, a third never comes up.
    const times = drawn[references[r]!]!;
    if (times === 0) continue;
    let rowSum = 0;
    let rowTotal = 0;
    for (let i = starts[r]!; i < starts[r + 1]!; i++) {
      const count = among[donors[i]!]!;
      rowSum += count * sums[i]!;
      rowTotal += count * totals[i]!;
    }
    sum += times * rowSum;
    total += times * rowTotal;
  }
  return total > 0 ? sum / total : NaN;
}

function weightedMean({ values, weights }: Sample): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
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
