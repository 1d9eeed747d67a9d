import type { RandomStream } from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";

/** A figure with its 95 % interval. Where the data cannot bound it, the ends are −∞ and ∞. */
export interface Estimate {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Number of examples. */
  readonly n: number;
}

/** Groups of examples that are not independent of each other. */
export interface Clusters {
  readonly count: number;
  /** [examples]: the group of each. */
  readonly of: Int32Array;
}

/** From fewer groups than this a bootstrap says nothing: its intervals would be far too narrow. */
const FEWEST_CLUSTERS = 8;

/** How often the groups are drawn again. */
const DRAWS = 1000;

/** 1 − the interval's coverage. */
const ALPHA = 0.05;

/** Examples of one template belong together; where there are few templates, the two prompts of a contrast pair do. */
export function clustersOf(task: Task, examples: readonly Example[]): Clusters {
  const byTemplate = new Set(examples.map(({ template }) => template)).size >= FEWEST_CLUSTERS;
  const places = new Map(task.examples.map((example, index) => [example, index]));
  const pairName = (example: Example) => {
    const index = places.get(example)!;
    return Math.min(index, example.pair ?? index);
  };
  const numbers = new Map<string | number, number>();
  const of = Int32Array.from(examples, (example) => {
    const name = byTemplate ? example.template : pairName(example);
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  });
  return { count: numbers.size, of };
}

/**
 * Percentile bootstrap of a figure of means: groups of examples are drawn again with replacement, all samples together.
 * A draw in which the figure has no value could be anything: it counts at both ends.
 *
 * @param samples [samples][examples], all of the same examples
 * @param figure of the samples' means; NaN where it has no value
 * @param random a fresh stream: equal streams draw the same groups, so that differences of figures are paired
 */
export function bootstrapMeans(
  samples: readonly Float64Array[],
  clusters: Clusters,
  figure: (means: readonly number[]) => number,
  random: RandomStream,
): Estimate {
  const n = clusters.of.length;
  const sizes = new Float64Array(clusters.count);
  clusters.of.forEach((cluster) => sizes[cluster]!++);
  const sums = samples.map((sample) => {
    const sum = new Float64Array(clusters.count);
    sample.forEach((value, i) => (sum[clusters.of[i]!]! += value));
    return sum;
  });
  const once = new Float64Array(clusters.count).fill(1);
  const of = (times: Float64Array) => {
    const total = weighted(sizes, times);
    return figure(sums.map((sum) => weighted(sum, times) / total));
  };
  const estimate = of(once);
  if (Number.isNaN(estimate)) return { estimate, low: NaN, high: NaN, n };
  if (clusters.count < FEWEST_CLUSTERS) return { estimate, low: -Infinity, high: Infinity, n };
  const [lows, highs] = [new Float64Array(DRAWS), new Float64Array(DRAWS)];
  for (let draw = 0; draw < DRAWS; draw++) {
    const times = new Float64Array(clusters.count);
    for (let i = 0; i < clusters.count; i++) times[random.integer(clusters.count)]!++;
    const value = of(times);
    lows[draw] = Number.isNaN(value) ? -Infinity : value;
    highs[draw] = Number.isNaN(value) ? Infinity : value;
  }
  return { estimate, low: quantile(lows.sort(), ALPHA / 2), high: quantile(highs.sort(), 1 - ALPHA / 2), n };
}

function weighted(values: Float64Array, times: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < values.length; c++) sum += times[c]! * values[c]!;
  return sum;
}

/** The q-quantile of ascending values, by linear interpolation. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  // Of infinite ends the difference is no number.
  return below === above || !Number.isFinite(below) ? below : below + (at - Math.floor(at)) * (above - below);
}
