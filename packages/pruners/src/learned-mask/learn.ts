import type { PrunerContext } from "../contract/pruner.ts";
import { countNodes, flatten, maskWhere } from "../masking/gate-vector.ts";
import type { LearnedMaskOptions } from "./options.ts";

// Learning the mask (Gao et al. 2025, §2.2 and A.5): gates are Heaviside(τ), their gradient is that of a sigmoid, the
// loss is the task's plus a cost for each open gate, and τ is clamped to [−1, 1] after every AdamW step.

export interface Learning {
  readonly phase: "learn";
  readonly step: number;
  /** The gate's logit, one a node. */
  readonly tau: readonly number[];
  /** How much clamping has cut off τ so far. Many τ end at exactly 1: this ranks them among each other. */
  readonly overflow: readonly number[];
  /** Running means of AdamW: of the gradient and of its square. */
  readonly mean: readonly number[];
  readonly square: readonly number[];
}

const BETA1 = 0.9;
const EPSILON = 1e-8;

export function startLearning(ctx: PrunerContext, options: LearnedMaskOptions): Learning {
  const random = ctx.random("init");
  const nodes = countNodes(ctx.sites);
  const zeros = () => Array.from({ length: nodes }, () => 0);
  const tau = zeros().map(() => options.initialMean + options.initialDeviation * random.normal());
  return { phase: "learn", step: 0, tau, overflow: zeros(), mean: zeros(), square: zeros() };
}

/** One step of AdamW on a mini-batch of contrast pairs. */
export function learn(ctx: PrunerContext, options: LearnedMaskOptions, state: Learning): Learning {
  const { step } = state;
  const pairs = Array.from({ length: ctx.pairs }, (_, pair) => pair);
  const batch = ctx.random(`batch/${step}`).sample(pairs, options.batchPairs);
  const { loss, gradient } = ctx.gradient(
    maskWhere(ctx.sites, (place) => state.tau[place]! > 0),
    batch,
    { norms: options.norms },
  );
  // While the task is not done, nothing is gained by closing gates. Without this a mask that has lost one necessary node
  // loses the others too: none of them has a gradient any more.
  const cost = loss <= ctx.target ? options.nodeCost : 0;
  const slopes = flatten(ctx.sites, gradient).map(
    (slope, i) => (slope + cost) * surrogate(state.tau[i]!, options.temperature),
  );
  const norm = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  const shrink = norm > options.clip ? options.clip / norm : 1;
  const rate = learningRate(options, step);
  const tau = [...state.tau];
  const overflow = [...state.overflow];
  const mean = [...state.mean];
  const square = [...state.square];
  const [bias1, bias2] = [1 - BETA1 ** (step + 1), 1 - options.beta2 ** (step + 1)];
  slopes.forEach((raw, i) => {
    const slope = raw * shrink;
    mean[i] = BETA1 * mean[i]! + (1 - BETA1) * slope;
    square[i] = options.beta2 * square[i]! + (1 - options.beta2) * slope * slope;
    const stride = mean[i]! / bias1 / (Math.sqrt(square[i]! / bias2) + EPSILON);
    const moved = tau[i]! * (1 - rate * options.weightDecay) - rate * stride;
    tau[i] = Math.max(-1, Math.min(1, moved));
    overflow[i]! += moved - tau[i]!;
  });
  ctx.log({ loss, nodes: tau.reduce((count, value) => count + (value > 0 ? 1 : 0), 0) });
  return { phase: "learn", step: step + 1, tau, overflow, mean, square };
}

/** Places of all nodes, the most needed first: by τ, then by what clamping cut off, then in forward order. */
export function rankNodes({ tau, overflow }: Learning): number[] {
  const places = tau.map((_, place) => place);
  return places.sort((a, b) => tau[b]! - tau[a]! || overflow[b]! - overflow[a]! || a - b);
}

/** σ′(τ/T)/T */
function surrogate(tau: number, temperature: number): number {
  const sigmoid = 1 / (1 + Math.exp(-tau / temperature));
  return (sigmoid * (1 - sigmoid)) / temperature;
}

function learningRate({ learningRate, steps, warmup }: LearnedMaskOptions, step: number): number {
  const rising = Math.ceil(warmup * steps);
  if (step < rising) return (learningRate * (step + 1)) / rising;
  return (learningRate * (steps - step)) / Math.max(1, steps - rising);
}
