import { defineOptions, numberOption, type OptionsOf } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import type { MaskGradient, PrunerContext, PrunerStep } from "../contract/pruner.ts";
import { countNodes, flatten } from "../masking/gate-vector.ts";
import { bisectToTarget, maskOfFirst, rankingOf, startBisection, type Bisection } from "../ranking/bisection.ts";

const OPTIONS = defineOptions({
  steps: numberOption({ about: "steps of learning, each on one mini-batch", default: 400, least: 1, whole: true }),
  batchPairs: numberOption({ about: "contrast pairs in a mini-batch", default: 32, least: 1, whole: true }),
  nodeCost: numberOption({ about: "what a node costs, in nats, times the chance that it is open", default: 1e-3 }),
  initialOpen: numberOption({
    about: "the chance that a gate is not 0 at the start",
    above: 0,
    most: 0.999,
    default: 0.9,
  }),
  temperature: numberOption({ about: "β of the hard concrete distribution", above: 0, default: 2 / 3 }),
  learningRate: numberOption({ about: "of Adam on log α", default: 0.05 }),
});

/** How far the concrete distribution is stretched beyond 0 and 1 (Louizos et al. 2018, section 2.3). */
const [GAMMA, ZETA] = [-0.1, 1.1];

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** Share of the work that learning is taken for. */
const LEARNING_SHARE = 0.8;

interface Learning {
  readonly phase: "learn";
  readonly step: number;
  /** log α, one a node. */
  readonly logAlpha: readonly number[];
  /** Adam's running means of the gradient and of its square. */
  readonly mean: readonly number[];
  readonly square: readonly number[];
}

type State = Learning | Bisection;
type Options = OptionsOf<typeof OPTIONS>;

/**
 * Subnetwork probing (Cao et al. 2021): each node has a gate drawn from a hard concrete distribution (Louizos et al.
 * 2018), whose log α is learnt with the task loss plus a cost for each gate's chance to be open. Nodes are ranked by
 * log α, and bisected.
 */
export const hardConcrete = definePruner<Options, State>({
  name: "hard-concrete",
  version: "0.1.0",
  about: "learns the chance that each node is open, with noise (L0; Cao et al. 2021)",
  apiVersion: 1,
  options: OPTIONS,
  search: {
    nodeCost: { from: 1e-4, to: 1e-2, scale: "log" },
    learningRate: { from: 1e-2, to: 0.3, scale: "log" },
    initialOpen: { from: 0.5, to: 0.99, scale: "linear" },
  },
  init(ctx, { initialOpen, temperature }) {
    const nodes = countNodes(ctx.sites);
    const start = Math.log(initialOpen / (1 - initialOpen)) + temperature * Math.log(-GAMMA / ZETA);
    const zeros = Array.from({ length: nodes }, () => 0);
    return { phase: "learn", step: 0, logAlpha: zeros.map(() => start), mean: zeros, square: zeros };
  },
  step(ctx, options, state): PrunerStep<State> {
    if (state.phase === "bisect") return bisectToTarget(ctx, state, LEARNING_SHARE);
    const steps = affordableSteps(ctx, options);
    const next = learn(ctx, options, state);
    const progress = (LEARNING_SHARE * next.step) / steps;
    if (next.step < steps) return { state: next, done: false, progress };
    return { state: startBisection("nodes", rankingOf(next.logAlpha)), done: false, progress };
  },
  finish(ctx, _, state) {
    if (state.phase !== "bisect") throw new Error("The run is not over.");
    return maskOfFirst(ctx, state);
  },
});

function learn(ctx: PrunerContext, options: Options, state: Learning): Learning {
  const { temperature: beta, nodeCost, learningRate } = options;
  const step = state.step + 1;
  const noise = ctx.random(`noise/${state.step}`);
  const stretched = state.logAlpha.map((logAlpha) => {
    const u = Math.min(Math.max(noise.uniform(), 1e-6), 1 - 1e-6);
    return GAMMA + (ZETA - GAMMA) * sigmoid((Math.log(u / (1 - u)) + logAlpha) / beta);
  });
  const { loss, gradient } = gradientAt(ctx, options, stretched, state.step);
  const slopes = flatten(ctx.sites, gradient);
  const logAlpha = [...state.logAlpha];
  const mean = [...state.mean];
  const square = [...state.square];
  let open = 0;
  for (let i = 0; i < logAlpha.length; i++) {
    const s = (stretched[i]! - GAMMA) / (ZETA - GAMMA);
    const within = stretched[i]! > 0 && stretched[i]! < 1;
    const chance = sigmoid(logAlpha[i]! - beta * Math.log(-GAMMA / ZETA));
    open += chance;
    const slope = (within ? (slopes[i]! * (ZETA - GAMMA) * s * (1 - s)) / beta : 0) + nodeCost * chance * (1 - chance);
    mean[i] = BETA1 * mean[i]! + (1 - BETA1) * slope;
    square[i] = BETA2 * square[i]! + (1 - BETA2) * slope * slope;
    const [m, v] = [mean[i]! / (1 - BETA1 ** step), square[i]! / (1 - BETA2 ** step)];
    logAlpha[i]! -= (learningRate * m) / (Math.sqrt(v) + EPSILON);
  }
  ctx.log({ loss, nodes: Math.round(open) });
  return { phase: "learn", step, logAlpha, mean, square };
}

/** The gates are the stretched values cut off at 0 and 1. */
function gradientAt(
  ctx: PrunerContext,
  { batchPairs }: Options,
  stretched: readonly number[],
  step: number,
): MaskGradient {
  const pairs = Array.from({ length: ctx.pairs }, (_, pair) => pair);
  let start = 0;
  const gates = new Map(
    [...ctx.sites].map(([site, width]) => {
      const values = stretched.slice(start, (start += width));
      return [site, Float32Array.from(values, (value) => Math.min(Math.max(value, 0), 1))];
    }),
  );
  return ctx.gradient(gates, ctx.random(`batch/${step}`).sample(pairs, batchPairs));
}

/** Learning may take three quarters of the budget. A gradient over a pair of sequences costs six. */
function affordableSteps(ctx: PrunerContext, { steps, batchPairs }: Options): number {
  const cost = 6 * Math.min(batchPairs, ctx.pairs);
  return Math.max(1, Math.min(steps, Math.floor((0.75 * ctx.budget.total) / cost)));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
