import type { PrunerContext } from "../contract/pruner.ts";
import { maskOf } from "./gate-vector.ts";

/** Search for the shortest run of a ranking that reaches a loss. */
export interface Bisection {
  readonly phase: "bisect";
  /** Places of nodes, the most needed first. */
  readonly ranking: readonly number[];
  /** The first `low` nodes miss the loss (or were not tried, at 0); the first `high` reach it, or are all there are. */
  readonly low: number;
  readonly high: number;
  /** Loss of the whole model on the dev split, in nats. */
  readonly whole: number;
}

export function startBisection(ctx: PrunerContext, ranking: readonly number[]): Bisection {
  const whole = ctx.loss(maskOf(ctx.sites, ranking));
  return { phase: "bisect", ranking, low: 0, high: ranking.length, whole };
}

/** One measurement on the whole dev split. Small circuits are tried first: the search doubles before it halves. */
export function bisect(ctx: PrunerContext, state: Bisection, wanted: number): Bisection {
  const { ranking, low, high } = state;
  const doubling = high === ranking.length;
  const middle = doubling ? Math.min(Math.max(8, 2 * low), (low + high) >> 1) : (low + high) >> 1;
  const count = Math.max(low + 1, middle);
  const loss = ctx.loss(maskOf(ctx.sites, ranking.slice(0, count)));
  ctx.log({ loss, nodes: count });
  return loss <= wanted ? { ...state, high: count } : { ...state, low: count };
}

export function isBisected({ low, high }: Bisection): boolean {
  return high - low <= 1;
}
