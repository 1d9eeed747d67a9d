import type { NodeMask } from "@filigree/core";
import type { EdgeMask, PrunerContext, PrunerStep } from "../contract/pruner.ts";
import { maskOf } from "../masking/gate-vector.ts";

// From a ranking to a circuit: bisection finds how many of the first ones are enough (Gao et al. 2025, §2.2).

/** What is ranked. */
export type Over = "nodes" | "edges";

/** Search for the shortest run of a ranking that reaches a loss. */
export interface Bisection {
  readonly phase: "bisect";
  readonly over: Over;
  /** Nodes or edges by number, the most needed first. */
  readonly ranking: readonly number[];
  /** The first `low` miss the loss (or were not tried, at 0); the first `high` reach it, or are all there are. */
  readonly low: number;
  readonly high: number;
}

export function startBisection(over: Over, ranking: readonly number[]): Bisection {
  return { phase: "bisect", over, ranking, low: 0, high: ranking.length };
}

/** One measurement on the whole dev split. Small circuits are tried first: the search doubles before it halves. */
export function bisect<State extends Bisection>(ctx: PrunerContext, state: State, wanted: number): State {
  const { over, ranking, low, high } = state;
  const doubling = high === ranking.length;
  const middle = doubling ? Math.min(Math.max(8, 2 * low), (low + high) >> 1) : (low + high) >> 1;
  const count = Math.max(low + 1, middle);
  const loss = ctx.loss(maskOfFirst(ctx, state, count));
  ctx.log({ loss, [over]: count });
  return loss <= wanted ? { ...state, high: count } : { ...state, low: count };
}

export function isBisected({ low, high }: Bisection): boolean {
  return high - low <= 1;
}

/**
 * Whether the length is found, or the budget allows no further measurement.
 *
 * @param reserve how many measurements must be possible afterwards
 */
export function isBisectionOver(ctx: PrunerContext, state: Bisection, reserve = 0): boolean {
  // A pair is at most two sequences.
  return isBisected(state) || ctx.budget.used + 2 * ctx.pairs * (1 + reserve) > ctx.budget.total;
}

/** A step of a pruner that bisects to its target; `before` is the share of the run's work that came before. */
export function bisectToTarget(ctx: PrunerContext, state: Bisection, before: number): PrunerStep<Bisection> {
  const next = bisect(ctx, state, ctx.target);
  return { state: next, done: isBisectionOver(ctx, next), progress: before + (1 - before) * bisectionProgress(next) };
}

/** How far the search has come, 0 to 1. */
function bisectionProgress({ low, high, ranking }: Bisection): number {
  return 1 - Math.log(Math.max(1, high - low)) / Math.log(Math.max(2, ranking.length));
}

/** The mask that keeps the first `count` of a ranking: as many as were found, where left out. */
export function maskOfFirst(ctx: PrunerContext, state: Bisection, count = state.high): NodeMask | EdgeMask {
  const kept = state.ranking.slice(0, count);
  if (state.over === "nodes") return maskOf(ctx.sites, kept);
  const mask = new Float32Array(ctx.graph.edgeCount);
  for (const edge of kept) mask[edge] = 1;
  return mask;
}

/** The numbers of all nodes or edges, highest score first; of equal scores the earlier one first. */
export function rankingOf(scores: ArrayLike<number>): number[] {
  return Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
}
