import { choiceOption, InputError, numberOption, type RandomStream } from "@filigree/core";
import { FINAL_FRACTIONS, finalFraction, type FinalFractions } from "./final-fractions.ts";
import type { MatricesContext, NonzeroMatrix, StepPosition } from "./sparsifier.ts";

// What `rigl` and `set` share: a fixed number of stored weights, of which now and then the smallest are given up for
// others. They differ in how the others are chosen.

/** Options of both. */
export const DYNAMIC_OPTIONS = {
  ...FINAL_FRACTIONS,
  initial: numberOption({
    about: "fraction of the attention and MLP matrices at the start; final from the start, where left out",
    above: 0,
    most: 1,
    default: null,
  }),
  annealUntil: numberOption({
    about: "share of the run after which the fraction is final",
    above: 0,
    most: 1,
    default: 0.5,
  }),
  distribution: choiceOption(["uniform", "erdos-renyi"], {
    about:
      "how the weights of a layer's matrices are shared out: the same fraction of each, or in proportion to " +
      "(rows + columns) / (rows · columns) (Evci et al. 2020, section 3.1)",
    default: "uniform",
  }),
  first: choiceOption(["random", "largest"], {
    about:
      "which weights are stored at the start: random ones, scaled to the variance of a whole matrix, or the largest as " +
      "they are, for a run that starts from a trained checkpoint",
    default: "random",
  }),
  every: numberOption({ about: "steps between changes of what is stored", least: 1, whole: true, default: 100 }),
  drop: numberOption({
    about: "fraction of the stored weights that the first change replaces; it falls to 0 along a cosine",
    least: 0,
    most: 1,
    default: 0.3,
  }),
  until: numberOption({ about: "share of the run after which nothing changes", above: 0, most: 1, default: 0.75 }),
} as const;

export interface DynamicOptions extends FinalFractions {
  readonly initial: number | null;
  readonly annealUntil: number;
  readonly distribution: "uniform" | "erdos-renyi";
  readonly first: "random" | "largest";
  readonly every: number;
  readonly drop: number;
  readonly until: number;
}

type Context = MatricesContext<NonzeroMatrix>;

/** The state of both. */
export interface DynamicState {
  /** Fraction of the attention and MLP weights that are stored. */
  density: number;
}

/** Stores the first choice of each matrix: a random one is scaled so that what comes out of it keeps its variance. */
export function storeFirst(ctx: Context, options: DynamicOptions): DynamicState {
  requireFinalFraction(ctx, options);
  const fractions = shareOut(ctx, options);
  for (const matrix of ctx.matrices) {
    const size = matrix.rows * matrix.cols;
    const wanted = count(fractions.get(matrix)!, size);
    if (options.first === "largest") {
      matrix.dropSmallest(size - wanted);
      continue;
    }
    matrix.keepOnly(drawFree(size, new Int32Array(), wanted, ctx.random(matrix.name)));
    const factor = Math.sqrt(size / wanted);
    matrix.setValues(matrix.values().map((value) => value * factor));
  }
  return { density: blockDensity(ctx) };
}

/** Fractions change where weights are exchanged only: one exchange must come when the fraction is final. */
function requireFinalFraction({ steps }: StepPosition, options: DynamicOptions): void {
  const { initial, annealUntil, every, until } = options;
  const last = Math.floor((until * steps) / every) * every;
  if (initial === null || last >= annealUntil * steps) return;
  throw new InputError({
    what: `the last exchange, after step ${last}, comes before the fraction is final, after step ${annealUntil * steps}`,
    hint: "lower annealUntil or every, or raise until",
  });
}

/** Whether the stored weights change after a step. */
export function changesAfter({ step, steps }: StepPosition, { every, until }: DynamicOptions): boolean {
  return (step + 1) % every === 0 && step + 1 <= until * steps;
}

/** Gives up the smallest weights of each matrix and lets `grow` choose as many others; fewer, while the fraction falls. */
export function exchange(
  ctx: Context,
  options: DynamicOptions,
  state: DynamicState,
  grow: (matrix: NonzeroMatrix, count: number) => void,
): void {
  const share = (options.drop / 2) * (1 + Math.cos((Math.PI * (ctx.step + 1)) / (options.until * ctx.steps)));
  const fractions = shareOut({ ...ctx, step: ctx.step + 1 }, options);
  for (const matrix of ctx.matrices) {
    const size = matrix.rows * matrix.cols;
    const wanted = count(fractions.get(matrix)!, size);
    const exchanged = Math.min(Math.round(share * wanted), size - wanted);
    matrix.dropSmallest(Math.max(0, matrix.nonzeros - wanted) + exchanged);
    grow(matrix, wanted - matrix.nonzeros);
  }
  state.density = blockDensity(ctx);
}

/** So many places that are not taken (ascending), each choice equally likely: Knuth's algorithm S. */
export function drawFree(size: number, taken: Int32Array, wanted: number, random: RandomStream): Int32Array {
  const drawn = new Int32Array(wanted);
  let left = size - taken.length;
  let n = 0;
  for (let place = 0, t = 0; n < wanted; place++) {
    if (taken[t] === place) t++;
    else if (random.uniform() * left-- < wanted - n) drawn[n++] = place;
  }
  return drawn;
}

/** The fraction of each matrix that is stored at a step. */
function shareOut(ctx: Context, options: DynamicOptions): Map<NonzeroMatrix, number> {
  const fraction = blockFraction(ctx, options);
  const blocks = ctx.matrices.filter(({ role }) => role === "block");
  const weight = ({ rows, cols }: NonzeroMatrix) =>
    options.distribution === "uniform" ? 1 : (rows + cols) / (rows * cols);
  const sum = (matrices: readonly NonzeroMatrix[], of: (matrix: NonzeroMatrix) => number) =>
    matrices.reduce((total, matrix) => total + of(matrix), 0);
  const size = ({ rows, cols }: NonzeroMatrix) => rows * cols;
  // A matrix cannot hold more than all of its weights: what it cannot take goes to the others.
  let open = blocks;
  for (;;) {
    const full = sum(blocks, size) - sum(open, size);
    const scale = (fraction * sum(blocks, size) - full) / sum(open, (matrix) => weight(matrix) * size(matrix));
    const still = open.filter((matrix) => scale * weight(matrix) < 1);
    if (still.length === open.length || still.length === 0) {
      const shares = new Map(
        ctx.matrices.map((matrix) => [matrix, matrix.role === "block" ? 1 : finalFraction(matrix, options)]),
      );
      for (const matrix of still) shares.set(matrix, scale * weight(matrix));
      return shares;
    }
    open = still;
  }
}

/** Fraction of the attention and MLP weights that should be stored at a step. */
function blockFraction({ step, steps }: StepPosition, { block, initial, annealUntil }: DynamicOptions): number {
  if (initial === null) return block;
  const progress = Math.min(1, step / Math.max(1, annealUntil * steps));
  return initial * (block / initial) ** progress;
}

function blockDensity({ matrices }: Context): number {
  const blocks = matrices.filter(({ role }) => role === "block");
  const size = blocks.reduce((n, { rows, cols }) => n + rows * cols, 0);
  return blocks.reduce((n, { nonzeros }) => n + nonzeros, 0) / size;
}

function count(fraction: number, size: number): number {
  return Math.max(1, Math.round(fraction * size));
}
