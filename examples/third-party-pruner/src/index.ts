import { defineOptions, numberOption, type SiteName } from "@filigree/core";
import { definePruner, type PrunerContext } from "@filigree/pruners";

interface Options {
  readonly pairs: number;
}

/**
 * Scores each node by how consistently it matters: the mean over contrast pairs of what closing its gate would add to the
 * loss, divided by the standard error of that mean (Student's t). A node that helps a little in every pair comes before
 * one that helps much in a few of them and harms in others, which the plain mean cannot tell apart.
 */
export default definePruner<Options>({
  name: "consistent",
  version: "0.1.0",
  about: "scores each node by how consistently it matters from one contrast pair to the next",
  apiVersion: 1,
  options: defineOptions<Options>({
    pairs: numberOption({ about: "contrast pairs that are looked at", default: 64, least: 2, whole: true }),
  }),
  score(ctx, { pairs }) {
    const open = everyNode(ctx);
    const moments = new Map([...ctx.sites].map(([site, width]) => [site, new Moments(width)]));
    for (const pair of somePairs(ctx, pairs)) {
      ctx.signal.throwIfAborted();
      const { gradient } = ctx.gradient(open, [pair]);
      for (const [site, slopes] of gradient) moments.get(site)!.add(slopes);
    }
    return new Map([...moments].map(([site, moments]) => [site, moments.consistency()]));
  },
});

/** Sums over pairs of the slopes of a site's gates, and of their squares. */
class Moments {
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #pairs = 0;

  constructor(width: number) {
    this.#sums = new Float64Array(width);
    this.#squares = new Float64Array(width);
  }

  add(slopes: Float32Array): void {
    this.#pairs++;
    slopes.forEach((slope, channel) => {
      // Closing a gate lowers it: the loss rises by minus the slope.
      this.#sums[channel]! -= slope;
      this.#squares[channel]! += slope * slope;
    });
  }

  /** Mean divided by standard error; 0 for a node that never matters. */
  consistency(): Float32Array {
    const n = this.#pairs;
    return Float32Array.from(this.#sums, (sum, channel) => {
      const mean = sum / n;
      const variance = Math.max(0, this.#squares[channel]! / n - mean * mean);
      const error = Math.sqrt(variance / Math.max(1, n - 1));
      return mean === 0 ? 0 : mean / (error + 1e-6);
    });
  }
}

/** The mask that keeps every node. */
function everyNode({ sites }: PrunerContext): Map<SiteName, Float32Array> {
  return new Map([...sites].map(([site, width]) => [site, new Float32Array(width).fill(1)]));
}

/** So many of the contrast pairs, at random. Every random choice comes from a stream of the run's seed. */
function somePairs(ctx: PrunerContext, count: number): number[] {
  const all = Array.from({ length: ctx.pairs }, (_, pair) => pair);
  return ctx.random("pairs").sample(all, count);
}
