import { choiceOption, defineOptions, numberOption, type NodeMask, type OptionsOf } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import type { EdgeMask, PrunerContext } from "../contract/pruner.ts";
import { maskWhere } from "../masking/gate-vector.ts";
import type { Over } from "../ranking/bisection.ts";
import { lossUpTo } from "../removal/loss-up-to.ts";

const OPTIONS = defineOptions({
  over: choiceOption(["edges", "nodes"], { about: "what is tried", default: "edges" }),
  threshold: numberOption({
    about:
      "by how much a try may raise the loss, in nats; a hundredth of what lies between the whole model and the target, " +
      "where left out",
    default: null,
  }),
});

/** Edges or nodes from place `start` up to, and not including, place `end`, counted from the end of the model. */
interface Run {
  readonly start: number;
  readonly end: number;
}

interface Walk {
  readonly over: Over;
  /** Those that are gone, by number. */
  readonly gone: readonly number[];
  /** Runs still to try, the next one last. */
  readonly runs: readonly Run[];
  readonly threshold: number;
  /** Loss on the dev split of what is left. */
  readonly loss: number;
}

/**
 * Automatic circuit discovery (Conmy et al. 2023, algorithm 1): from the outputs backwards each edge is cut, and stays
 * cut where the loss rises by less than a threshold.
 *
 * In place of one pass an edge, whole runs of edges are tried at once. A run that raises the loss by at most the
 * threshold goes; one that does not is cut in two; a run of one edge is decided as published. Of n edges of which k
 * matter some k · log n passes decide. A run is held to the threshold of one edge, so that nothing goes that the
 * published method would have summed up to more. And no try runs more of the model than lies behind its run: what comes
 * before is remembered, and once little is left only its cone is run.
 */
export const acdc = definePruner<OptionsOf<typeof OPTIONS>, Walk>({
  name: "acdc",
  version: "0.1.0",
  about: "cuts edges from the outputs backwards wherever the loss hardly rises (Conmy et al. 2023)",
  apiVersion: 1,
  options: OPTIONS,
  search: { threshold: { from: 1e-5, to: 3e-2, scale: "log" } },
  init(ctx, { over, threshold }) {
    const size = over === "edges" ? ctx.graph.edgeCount : ctx.graph.nodeCount;
    const loss = ctx.loss(maskWithout(ctx, over, []));
    const step = threshold ?? Math.max(0, ctx.target - loss) / 100;
    return { over, gone: [], runs: [{ start: 0, end: size }], threshold: step, loss };
  },
  step(ctx, _, state) {
    const next = isAffordable(ctx) ? tryRun(ctx, state) : { ...state, runs: [] };
    const size = next.over === "edges" ? ctx.graph.edgeCount : ctx.graph.nodeCount;
    const left = next.runs.reduce((n, { start, end }) => n + end - start, 0);
    return { state: next, done: next.runs.length === 0, progress: 1 - left / size };
  },
  finish: (ctx, _, { over, gone }) => maskWithout(ctx, over, gone),
});

/** So few edges seldom do enough to be told on some pairs already. */
const FEW = 32;

function tryRun(ctx: PrunerContext, state: Walk): Walk {
  const { over, runs, threshold } = state;
  const { start, end } = runs.at(-1)!;
  const others = runs.slice(0, -1);
  const size = over === "edges" ? ctx.graph.edgeCount : ctx.graph.nodeCount;
  const gone = [...state.gone, ...Array.from({ length: end - start }, (_, i) => size - 1 - start - i)];
  const limit = Math.min(state.loss + threshold, ctx.target);
  const mask = maskWithout(ctx, over, gone);
  const loss = end - start > FEW ? lossUpTo(ctx, mask, limit) : ctx.loss(mask);
  const accepted = loss <= limit;
  ctx.log({ loss: accepted ? loss : state.loss, [over]: size - (accepted ? gone : state.gone).length });
  if (accepted) return { ...state, gone, runs: others, loss };
  if (end - start === 1) return { ...state, runs: others };
  const middle = (start + end) >> 1;
  return { ...state, runs: [...others, { start: middle, end }, { start, end: middle }] };
}

/** Whether the budget allows one more try: some pairs, and then all. */
function isAffordable(ctx: PrunerContext): boolean {
  return ctx.budget.used + 2 * 2 * ctx.pairs <= ctx.budget.total;
}

function maskWithout(ctx: PrunerContext, over: Over, gone: readonly number[]): NodeMask | EdgeMask {
  if (over === "nodes") {
    const absent = new Set(gone);
    return maskWhere(ctx.sites, (node) => !absent.has(node));
  }
  const mask = new Float32Array(ctx.graph.edgeCount).fill(1);
  for (const edge of gone) mask[edge] = 0;
  return mask;
}
