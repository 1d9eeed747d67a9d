import { choiceOption, defineOptions, InputError, numberOption, type OptionsOf } from "@filigree/core";
import { annealedFraction, ANNEAL_OPTIONS, checkAnnealing, lastAnnealed } from "./annealing.ts";
import { defineSparsifier } from "./define-sparsifier.ts";
import {
  checkNames,
  countOf,
  FINAL_FRACTIONS,
  finalFraction,
  fractionsByName,
  namedFraction,
} from "./final-fractions.ts";
import type { Matrix, StepPosition } from "./sparsifier.ts";

const OPTIONS = defineOptions(
  {
    ...FINAL_FRACTIONS,
    fractions: fractionsByName(
      "final fractions of single parameters, by globs over their names; of several that match the last counts",
    ),
    ...ANNEAL_OPTIONS,
    embeddingAnneal: choiceOption(["gradual", "abrupt"], {
      about:
        "whether embeddings and sparse biases follow the annealing, or stay dense until its end: the paper names the " +
        "latter a bug that was kept, since mending it slightly hurt (A.1)",
      default: "gradual",
    }),
    leastPerNeuron: numberOption({
      about:
        "weights that every neuron and attention channel keeps: of its row in c_fc and c_attn, of its column in " +
        "c_proj (train.py); 4 in the paper, which sees no clear gain (A.1)",
      default: 0,
      whole: true,
    }),
    biases: choiceOption(["dense", "sparse"], {
      about: "whether biases keep the embedding's fraction only: sparse in the paper (A.1), dense in train.py",
      default: "dense",
    }),
    sharkfin: choiceOption(["capped", "normalised", "plain"], {
      about:
        "factor on the learning rate for the fraction f of `block`: `plain` is 1/√f (A.1); `normalised` √(block / f), " +
        "which ends at 1 (train.py); `capped` min(4, 1/√f)",
      default: "capped",
    }),
  },
  checkAnnealing,
);

type TopKOptions = OptionsOf<typeof OPTIONS>;

interface TopKState {
  /** Final fractions of block matrices, each with its share of the block weights. */
  readonly shares: readonly (readonly [final: number, share: number])[];
}

/**
 * The published recipe: after every step keep the largest weights of each matrix and zero the rest; gradients and the
 * optimiser's moments stay dense, so that a zeroed weight can come back (Gao et al. 2025, A.1).
 */
export const topK = defineSparsifier<TopKOptions, TopKState>({
  name: "top-k",
  version: "0.2.0",
  about: "keeps the largest weights of each matrix after every step; weights come back (the published recipe)",
  apiVersion: 1,
  storage: "dense",
  options: OPTIONS,
  init({ matrices, biases }, options) {
    checkNames(options.fractions, [...matrices, ...biases]);
    const blocks = matrices.filter(({ role }) => role === "block");
    for (const matrix of blocks) checkLeast(matrix, options);
    const total = blocks.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
    const sizes = new Map<number, number>();
    for (const matrix of blocks) {
      const final = finalFractionOf(matrix, options);
      sizes.set(final, (sizes.get(final) ?? 0) + matrix.rows * matrix.cols);
    }
    return { shares: [...sizes].map(([final, size]) => [final, size / total] as const) };
  },
  step(ctx, options) {
    for (const matrix of ctx.matrices) {
      const fraction = fractionNow(matrix, ctx, options);
      if (fraction < 1) matrix.keepLargest(countOf(matrix, fraction), options.leastPerNeuron);
    }
    for (const bias of options.biases === "sparse" ? ctx.biases : []) {
      const fraction = fractionNow(bias, ctx, options);
      if (fraction < 1) bias.keepLargest(countOf(bias, fraction));
    }
  },
  rateFactor(at, options) {
    const fraction = annealedFraction(options.block, at, options);
    if (options.sharkfin === "normalised") return Math.sqrt(options.block / fraction);
    return options.sharkfin === "plain" ? 1 / Math.sqrt(fraction) : Math.min(4, 1 / Math.sqrt(fraction));
  },
  density: (at, options, { shares }) =>
    shares.reduce((sum, [final, share]) => sum + share * annealedFraction(final, at, options), 0),
});

function finalFractionOf(matrix: Matrix, options: TopKOptions): number {
  return namedFraction(matrix, options.fractions) ?? finalFraction(matrix, options);
}

function fractionNow(matrix: Matrix, at: StepPosition, options: TopKOptions): number {
  const final = finalFractionOf(matrix, options);
  if (matrix.role === "block" || options.embeddingAnneal === "gradual") return annealedFraction(final, at, options);
  return at.step < lastAnnealed(at, options) ? 1 : final;
}

function checkLeast(matrix: Matrix, options: TopKOptions): void {
  if (!matrix.neurons) return;
  const k = countOf(matrix, finalFractionOf(matrix, options));
  const neurons = matrix.neurons === "rows" ? matrix.rows : matrix.cols;
  if (options.leastPerNeuron * neurons <= k) return;
  throw new InputError({
    what:
      `${options.leastPerNeuron} weights for each of the ${neurons} neurons of ${matrix.name} are more than the ` +
      `${k} that it may keep`,
    where: "leastPerNeuron of top-k",
    expected: `at most ${Math.floor(k / neurons)}`,
  });
}
