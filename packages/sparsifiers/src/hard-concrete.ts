import { defineOptions, numberOption, type OptionsOf } from "@filigree/core";
import { drawGate, finalGate, openProbability } from "./concrete-gate.ts";
import { defineSparsifier } from "./define-sparsifier.ts";
import { FINAL_FRACTIONS, finalFraction } from "./final-fractions.ts";
import type { Matrix, StepPosition } from "./sparsifier.ts";

const OPTIONS = defineOptions({
  ...FINAL_FRACTIONS,
  annealUntil: numberOption({
    about: "share of the run after which the fractions to reach are final; they fall to there by equal factors",
    above: 0,
    most: 1,
    default: 0.5,
  }),
  lambda: numberOption({
    about:
      "price of an open gate, in root mean squares of the matrix's gate gradients; where left out, it is steered so " +
      "that the fractions are reached",
    default: null,
  }),
  gateRate: numberOption({ about: "learning rate of the gates", above: 0, default: 0.1 }),
  initialGate: numberOption({ about: "mean of log α at the start", least: -4, most: 4, default: 2 }),
  temperature: numberOption({ about: "β, how soft drawn gates are (Louizos et al.: 2/3)", above: 0, default: 2 / 3 }),
  stretch: numberOption({
    about: "how far gates reach beyond 0 and 1 before they are cut, −γ and ζ − 1 (Louizos et al.: 0.1)",
    above: 0,
    default: 0.1,
  }),
});

type HardConcreteOptions = OptionsOf<typeof OPTIONS>;

interface Gates {
  /** log α, one for each weight. */
  readonly logAlpha: Float32Array;
  /** Running mean of its gradient, and of the square of all of them. */
  readonly m: Float32Array;
  v: number;
  /** λ now, and the part of it that remembers how long too many or too few gates were open. */
  price: number;
  memory: number;
}

interface HardConcreteState {
  readonly gates: Readonly<Record<string, Gates>>;
  /** Share of the attention and MLP weights whose gates are open without noise. */
  density: number;
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-12];

/** Gates that no gradient tells apart must not cross the threshold all at once. */
const INITIAL_SPREAD = 0.5;

/** log α stays within ±log 100, as in the paper's own code: further out neither gradient nor price moves it. */
const BOUND = Math.log(100);

/** A steered price: this times the excess, and this times the sum of it over the steps, each as a logarithm. */
const [PROPORTIONAL, INTEGRAL, MOST_PRICE] = [3, 0.1, 5];

/**
 * L0 regularisation (Louizos, Welling & Kingma 2018): every weight is multiplied by a gate that is drawn anew in each
 * step, and the probability that it is open has a gradient and a price. Beyond the paper, the price is steered to reach
 * a fraction, and gate gradients are measured in their root mean square over the matrix.
 */
export const hardConcrete = defineSparsifier<HardConcreteOptions, HardConcreteState>({
  name: "hard-concrete",
  version: "0.1.0",
  about: "learns a random gate for every weight, and a price for its being open (Louizos et al. 2018)",
  apiVersion: 1,
  storage: "dense",
  options: OPTIONS,
  init(ctx, { initialGate }) {
    const gatesOf = ({ name, rows, cols }: Matrix): Gates => {
      const random = ctx.random(name);
      const draw = () => initialGate + INITIAL_SPREAD * random.normal();
      const size = rows * cols;
      return {
        logAlpha: Float32Array.from({ length: size }, draw),
        m: new Float32Array(size),
        v: 0,
        price: 0,
        memory: 0,
      };
    };
    return { gates: Object.fromEntries(ctx.matrices.map((matrix) => [matrix.name, gatesOf(matrix)])), density: 1 };
  },
  forward(ctx, options, state, matrix) {
    const { logAlpha } = state.gates[matrix.name]!;
    const random = ctx.random(matrix.name);
    return matrix.values().map((weight, i) => weight * drawGate(logAlpha[i]!, options, random).gate);
  },
  backward(ctx, options, state, matrix, gradient) {
    const gates = state.gates[matrix.name]!;
    const weights = matrix.values();
    // The same noise as in `forward`.
    const random = ctx.random(matrix.name);
    const slopes = new Float32Array(weights.length);
    const onWeights = gradient.map((g, i) => {
      const { gate, slope } = drawGate(gates.logAlpha[i]!, options, random);
      slopes[i] = g * weights[i]! * slope;
      return g * gate;
    });
    moveGates(gates, slopes, ctx.step, options);
    return onWeights;
  },
  step(ctx, options, state) {
    let [open, size] = [0, 0];
    for (const matrix of ctx.matrices) {
      const gates = state.gates[matrix.name]!;
      const { length } = gates.logAlpha;
      const opened = gates.logAlpha.reduce((n, logAlpha) => n + (finalGate(logAlpha, options) > 0 ? 1 : 0), 0);
      steer(gates, Math.max(opened, 1) / length / fractionToReach(matrix, ctx, options), options);
      if (matrix.role === "block") [open, size] = [open + opened, size + length];
    }
    state.density = open / size;
  },
  finish(_, options, state, matrix) {
    const { logAlpha } = state.gates[matrix.name]!;
    return matrix.values().map((weight, i) => weight * finalGate(logAlpha[i]!, options));
  },
  density: (_, __, state) => state.density,
});

/** One step of the gates, against the gradient of the loss and the price of being open. */
function moveGates(gates: Gates, slopes: Float32Array, step: number, options: HardConcreteOptions): void {
  const { logAlpha, m } = gates;
  const squares = slopes.reduce((sum, slope) => sum + slope * slope, 0);
  gates.v = BETA2 * gates.v + (1 - BETA2) * (squares / slopes.length);
  const rms = Math.sqrt(gates.v / (1 - BETA2 ** (step + 1))) + EPSILON;
  const scale = 1 / (1 - BETA1 ** (step + 1)) / rms;
  slopes.forEach((slope, i) => {
    m[i] = BETA1 * m[i]! + (1 - BETA1) * slope;
    const open = openProbability(logAlpha[i]!, options);
    const moved = logAlpha[i]! - options.gateRate * (scale * m[i]! + gates.price * 4 * open * (1 - open));
    logAlpha[i] = Math.min(BOUND, Math.max(-BOUND, moved));
  });
}

/** @param excess what is open over what should be */
function steer(gates: Gates, excess: number, { lambda }: HardConcreteOptions): void {
  const within = (price: number) => Math.min(MOST_PRICE, Math.max(-MOST_PRICE, price));
  gates.memory = within(gates.memory + INTEGRAL * Math.log(excess));
  gates.price = lambda ?? within(gates.memory + PROPORTIONAL * Math.log(excess));
}

function fractionToReach(matrix: Matrix, { step, steps }: StepPosition, options: HardConcreteOptions): number {
  return finalFraction(matrix, options) ** Math.min(1, step / Math.max(1, options.annealUntil * steps));
}
