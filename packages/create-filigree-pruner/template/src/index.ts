import { defineOptions, numberOption, type SiteName } from "@filigree/core";
import { definePruner, type PrunerContext } from "@filigree/pruners";

interface Options {
  readonly pairs: number;
}

/**
 * Scores each node by how much the loss would rise if its gate closed, to first order. Filigree then keeps the fewest
 * nodes of the highest scores that reach the target.
 *
 * A pruner that does more has `init`, `step` and `finish` in the place of `score`: see the README of @filigree/pruners.
 */
export default definePruner<Options>({
  name: "{{pruner}}",
  version: "0.1.0",
  about: "scores each node by the gradient of the loss with respect to its gate",
  apiVersion: 1,
  options: defineOptions<Options>({
    pairs: numberOption({ about: "contrast pairs that are looked at", default: 64, least: 1, whole: true }),
  }),
  score(ctx, { pairs }) {
    const { gradient } = ctx.gradient(everyNode(ctx), somePairs(ctx, pairs));
    return new Map([...gradient].map(([site, slopes]) => [site, slopes.map((slope) => -slope)]));
  },
});

/** The mask that keeps every node. */
function everyNode({ sites }: PrunerContext): Map<SiteName, Float32Array> {
  return new Map([...sites].map(([site, width]) => [site, new Float32Array(width).fill(1)]));
}

/** So many of the contrast pairs, at random. Every random choice comes from a stream of the run's seed. */
function somePairs(ctx: PrunerContext, count: number): number[] {
  const all = Array.from({ length: ctx.pairs }, (_, pair) => pair);
  return ctx.random("pairs").sample(all, count);
}
