import { defineOptions, numberOption, type OptionsOf } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import type { PrunerContext, PrunerStep } from "../contract/pruner.ts";
import { countNodes, flatten, maskOf } from "../masking/gate-vector.ts";
import { comparisonPairs, lossUpTo } from "../removal/loss-up-to.ts";
import { remove, startRemoval, type Removal } from "../removal/remove.ts";

const OPTIONS = defineOptions({
  share: numberOption({
    about: "share of the nodes that the first tries remove at once",
    above: 0,
    most: 0.9,
    default: 0.25,
  }),
  single: numberOption({ about: "so few nodes are removed one by one, by measured loss", whole: true, default: 64 }),
});

/** Whole runs of nodes go, cheapest first by the gradient of their gates at the circuit that is left. */
interface Clearing {
  readonly phase: "clear";
  /** Nodes that are left, by number. */
  readonly kept: readonly number[];
  /** Loss on the dev split of the whole model and of what is left. */
  readonly whole: number;
  readonly loss: number;
  /** Share of what is left that is tried next. */
  readonly share: number;
}

type State = Clearing | Removal;

const CLEARING_SHARE = 0.5;

/**
 * Removes what costs least until nothing more can go. The cost of a node is the rise of the loss when it alone is
 * ablated in the circuit that is left: to first order while there are many, measured when there are few.
 */
export const greedy = definePruner<OptionsOf<typeof OPTIONS>, State>({
  name: "greedy",
  version: "0.1.0",
  about: "removes what costs least, again and again: many nodes by gradients, the last ones by measured loss",
  apiVersion: 1,
  options: OPTIONS,
  init(ctx, { share }) {
    const kept = Array.from({ length: countNodes(ctx.sites) }, (_, node) => node);
    const whole = ctx.loss(maskOf(ctx.sites, kept));
    return { phase: "clear", kept, whole, loss: whole, share };
  },
  step(ctx, { single }, state): PrunerStep<State> {
    if (state.phase === "remove") {
      const next = state.finished ? state : remove(ctx, state);
      return { state: next, done: next.finished, progress: CLEARING_SHARE };
    }
    const next = isAffordable(ctx) ? clear(ctx, state) : { ...state, share: 0 };
    const over = next.kept.length <= single || next.share * next.kept.length < 1;
    const cleared = Math.log(countNodes(ctx.sites) / next.kept.length) / Math.log(countNodes(ctx.sites) / single);
    const progress = CLEARING_SHARE * Math.min(1, cleared);
    return { state: over ? startRemoval(ctx, next.kept) : next, done: false, progress };
  },
  finish(ctx, _, state) {
    if (state.phase !== "remove") throw new Error("The run is not over.");
    return maskOf(
      ctx.sites,
      state.kept.map(({ place }) => place),
    );
  },
});

/** Whether the budget allows a gradient and the measurements of one more try, and the first one of removal. */
function isAffordable(ctx: PrunerContext): boolean {
  return ctx.budget.used + (3 + 1 + 1 + 1) * 2 * ctx.pairs <= ctx.budget.total;
}

/** Tries to do without the cheapest share of the nodes; without half as many next time, where that costs too much. */
function clear(ctx: PrunerContext, state: Clearing): Clearing {
  const { kept, whole, share } = state;
  const { gradient } = ctx.gradient(maskOf(ctx.sites, kept), comparisonPairs(ctx));
  const slopes = flatten(ctx.sites, gradient);
  const cheapest = [...kept].sort((a, b) => slopes[b]! - slopes[a]! || b - a);
  const gone = new Set(cheapest.slice(0, Math.ceil(share * kept.length)));
  const left = kept.filter((node) => !gone.has(node));
  // What may be used up grows as nodes go: each halving of the nodes has the same part in it.
  const total = Math.log(countNodes(ctx.sites));
  const used = 1 - Math.log(Math.max(1, left.length)) / total;
  const limit = Math.max(state.loss, whole + used * (ctx.target - whole));
  const loss = lossUpTo(ctx, maskOf(ctx.sites, left), limit);
  ctx.log({ loss: Math.min(loss, state.loss), nodes: loss <= limit ? left.length : kept.length });
  return loss <= limit ? { ...state, kept: left, loss } : { ...state, share: share / 2 };
}
