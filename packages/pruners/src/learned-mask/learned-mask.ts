import { definePruner } from "../contract/define-pruner.ts";
import type { PrunerContext, PrunerStep } from "../contract/pruner.ts";
import { learn, rankNodes, startLearning, type Learning } from "./learn.ts";
import { maskOf } from "../masking/gate-vector.ts";
import { bisect, isBisectionOver, startBisection, type Bisection } from "../ranking/bisection.ts";
import { LEARNED_MASK_OPTIONS, LEARNED_MASK_SEARCH, type LearnedMaskOptions } from "./options.ts";
import { regrow, startRegrowth, type Regrowth } from "./regrow.ts";
import { remove, startRemoval, type Removal } from "../removal/remove.ts";
import { startThinning, thin, thinned, type Thinning } from "../removal/thin.ts";
import { tieQueriesAndKeys, untie } from "./tied-queries-and-keys.ts";

/** The cut of the ranking goes by the loss of the whole model, too. */
interface Cut extends Bisection {
  readonly whole: number;
}

type State = Learning | Cut | Thinning | Removal | Regrowth;

/**
 * How much of the way from the whole model's loss to the target the cut of the ranking may use up. The rest is left for
 * removal by measured loss, which chooses better than the ranking does.
 */
const BISECTION_SHARE = 1 / 4;

/** What thinning and removal measure before they look at the budget. */
const MEASUREMENTS_AFTER = 3;

/** Progress at which learning is over, and at which the phases whose end cannot be foreseen are shown. */
const [LEARNING_SHARE, THINNING_SHARE, REMOVAL_SHARE, REGROWTH_SHARE] = [0.5, 0.6, 0.7, 0.85];

/**
 * The published method (Gao et al. 2025, §2.2): learn a gate for every node, rank the nodes, take the fewest that reach
 * the loss, and then remove by measured cost what the ranking kept for nothing. Beyond it: closed nodes are opened again
 * as long as removal then ends with a smaller circuit.
 */
export const learnedMask = definePruner<LearnedMaskOptions, State>({
  name: "learned-mask",
  version: "0.4.0",
  about: "learns a gate for every node, and removes by measured loss what the gates keep for nothing (Gao et al. 2025)",
  apiVersion: 1,
  options: LEARNED_MASK_OPTIONS,
  search: LEARNED_MASK_SEARCH,
  init: (whole, options) => startLearning(viewOf(whole, options), options),
  step(whole, options, state): PrunerStep<State> {
    const ctx = viewOf(whole, options);
    switch (state.phase) {
      case "learn": {
        const steps = affordableSteps(ctx, options);
        const next = learn(ctx, { ...options, steps }, state);
        const progress = (LEARNING_SHARE * next.step) / steps;
        if (next.step < steps) return { state: next, done: false, progress };
        const ranking = rankNodes(next);
        const loss = ctx.loss(maskOf(ctx.sites, ranking));
        return { state: { ...startBisection("nodes", ranking), whole: loss }, done: false, progress };
      }
      case "bisect": {
        const next = bisect(ctx, state, state.whole + BISECTION_SHARE * (ctx.target - state.whole));
        if (!isBisectionOver(ctx, next, MEASUREMENTS_AFTER))
          return { state: next, done: false, progress: LEARNING_SHARE };
        return afterThinning(ctx, startThinning(ctx, next.ranking.slice(0, next.high)));
      }
      case "thin":
        return afterThinning(ctx, thin(ctx, state));
      case "remove": {
        const next = state.finished ? state : remove(ctx, state);
        return { state: next.finished ? startRegrowth(ctx, next) : next, done: false, progress: REMOVAL_SHARE };
      }
      case "regrow": {
        const next = state.finished ? state : regrow(ctx, state);
        return { state: next, done: next.finished, progress: REGROWTH_SHARE };
      }
    }
  },
  finish(whole, options, state) {
    if (state.phase !== "regrow") throw new Error("The run is not over.");
    const mask = maskOf(viewOf(whole, options).sites, state.best.places);
    return options.queriesAndKeys === "tied" ? untie(whole, mask) : mask;
  },
});

/** The gates that are learned: all phases see the same ones. */
function viewOf(ctx: PrunerContext, { queriesAndKeys }: LearnedMaskOptions): PrunerContext {
  return queriesAndKeys === "tied" ? tieQueriesAndKeys(ctx) : ctx;
}

function afterThinning(ctx: PrunerContext, state: Thinning): PrunerStep<State> {
  if (!state.finished) return { state, done: false, progress: THINNING_SHARE };
  const removal = startRemoval(ctx, thinned(state));
  return { state: removal, done: false, progress: THINNING_SHARE };
}

/**
 * Learning may take half of the budget, and must leave enough for the whole model, one cut and what comes after it. A
 * gradient over a pair of sequences costs six, with frozen norms eight.
 */
function affordableSteps(ctx: PrunerContext, { steps, batchPairs, norms }: LearnedMaskOptions): number {
  const cost = (norms === "frozen" ? 8 : 6) * Math.min(batchPairs, ctx.pairs);
  const { total } = ctx.budget;
  const affordable = Math.min(total / 2, total - (2 + MEASUREMENTS_AFTER) * 2 * ctx.pairs);
  return Math.max(1, Math.min(steps, Math.floor(affordable / cost)));
}
