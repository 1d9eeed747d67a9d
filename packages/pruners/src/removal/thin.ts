import type { PrunerContext } from "../contract/pruner.ts";
import { maskOf } from "../masking/gate-vector.ts";
import { lossUpTo } from "./loss-up-to.ts";

// Thinning out by halves. A ranking that keeps hundreds of nodes keeps most of them for nothing. Whole runs of it are
// removed where the loss allows it; a run that is needed is cut in two, and so on: k needed nodes among n are found in
// some k · log n measurements, where measuring each node alone takes n. Several passes are made over what is left, since
// a node that was needed beside many others may not be beside few.

/** Nodes from rank `start` up to, and not including, rank `end`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

export interface Thinning {
  readonly phase: "thin";
  /** Places of nodes, the most needed first. */
  readonly ranking: readonly number[];
  /** For each of them whether it is still there. */
  readonly kept: readonly boolean[];
  /** Runs still to try, the next one last. */
  readonly runs: readonly Run[];
  /** Loss on the dev split with all of the ranking, and the loss that this pass may end with. */
  readonly from: number;
  readonly to: number;
  /** Loss on the dev split with what is left. */
  readonly loss: number;
  readonly finished: boolean;
}

/** The share of what is left of the target that a pass may use up. */
const PASS_SHARE = 0.5;

/** A pass cuts its ranking into this many runs at most. */
const FINEST = 128;

/** So few nodes are better removed one by one. */
const FEW = 64;

/** A pass that removes less than this share of its nodes is the last one. */
const WORTH_ANOTHER = 0.25;

export function startThinning(ctx: PrunerContext, ranking: readonly number[]): Thinning {
  return startPass(ctx, ranking, ctx.loss(maskOf(ctx.sites, ranking)));
}

function startPass(ctx: PrunerContext, ranking: readonly number[], loss: number): Thinning {
  return {
    phase: "thin",
    ranking,
    kept: ranking.map(() => true),
    runs: [{ start: 0, end: ranking.length }],
    from: loss,
    to: loss + PASS_SHARE * Math.max(0, ctx.target - loss),
    loss,
    finished: ranking.length <= FEW,
  };
}

/** Tries to do without one run of nodes, the least needed ones first. */
export function thin(ctx: PrunerContext, state: Thinning): Thinning {
  if (!isAffordable(ctx)) return { ...state, finished: true };
  const next = tryRun(ctx, state);
  if (next.runs.length > 0) return next;
  const left = thinned(next);
  const removed = next.ranking.length - left.length;
  if (removed >= WORTH_ANOTHER * next.ranking.length) return startPass(ctx, left, next.loss);
  return { ...next, finished: true };
}

function tryRun(ctx: PrunerContext, state: Thinning): Thinning {
  const { ranking, from, to } = state;
  const { start, end } = state.runs.at(-1)!;
  const runs = state.runs.slice(0, -1);
  const kept = state.kept.map((keep, rank) => keep && (rank < start || rank >= end));
  const left = ranking.filter((_, rank) => kept[rank]);
  // Each node has the same part in what the pass may use up, or the first run would use it all.
  const limit = Math.max(state.loss, from + (to - from) * (1 - left.length / ranking.length));
  const loss = lossUpTo(ctx, maskOf(ctx.sites, left), limit);
  const accepted = loss <= limit;
  ctx.log({ loss: accepted ? loss : state.loss, nodes: accepted ? left.length : thinned(state).length });
  if (accepted) return { ...state, kept, runs, loss };
  if (end - start <= Math.max(1, ranking.length / FINEST)) return { ...state, runs };
  const middle = (start + end) >> 1;
  return { ...state, runs: [...runs, { start, end: middle }, { start: middle, end }] };
}

/** Whether the budget allows one more try, and the measurements of the dev split that come after thinning. */
function isAffordable(ctx: PrunerContext): boolean {
  return ctx.budget.used + 2 * 4 * ctx.pairs <= ctx.budget.total;
}

/** The nodes that are left, the most needed first. */
export function thinned({ ranking, kept }: Thinning): number[] {
  return ranking.filter((_, rank) => kept[rank]);
}
