import { JsonValue } from "@filigree/core";
import { defineSparsifier } from "./sparsifier.ts";

/** Options of `top-k`. Fractions are shares of a matrix's weights, in (0, 1]. */
export interface TopKOptions {
  /** Final fraction of the attention and MLP matrices. */
  readonly block: number;
  /** Final fraction of the embedding and the unembedding. Published models: four times `block` or more. */
  readonly embedding: number;
  /** How the fraction falls from 1: `geometric` by equal factors, `linear` by equal amounts. */
  readonly anneal: "geometric" | "linear";
  /** Share of the run after which the fraction is final. */
  readonly annealUntil: number;
  /**
   * How the learning rate follows the block fraction f: `capped` multiplies by min(4, 1/√f); `normalised` is the
   * published sharkfin, √(final / f), which reaches 1 at the final fraction.
   */
  readonly sharkfin: "capped" | "normalised";
}

/**
 * The published recipe: after every step keep the largest weights of each matrix and zero the rest; gradients and the
 * optimiser's moments stay dense, so that a zeroed weight can come back (Gao et al. 2025, A.1).
 */
export const topK = defineSparsifier<TopKOptions, Record<string, never>>({
  name: "top-k",
  version: "0.1.0",
  apiVersion: 1,
  parseOptions(given, where) {
    const { block, embedding, anneal, annealUntil, sharkfin } = new JsonValue(given ?? {}, where).object([
      "block",
      "embedding?",
      "anneal?",
      "annealUntil?",
      "sharkfin?",
    ]);
    const share = (value: JsonValue) => {
      const number = value.number();
      return number > 0 && number <= 1 ? number : value.fail(`${number} found`, "a share in (0, 1]");
    };
    return {
      block: share(block),
      embedding: embedding ? share(embedding) : Math.min(1, 4 * share(block)),
      anneal: anneal?.oneOf("geometric", "linear") ?? "geometric",
      annealUntil: annealUntil ? share(annealUntil) : 0.5,
      sharkfin: sharkfin?.oneOf("capped", "normalised") ?? "capped",
    };
  },
  init: () => ({}),
  step(state, matrices, at, options) {
    for (const matrix of matrices) {
      const final = matrix.role === "block" ? options.block : options.embedding;
      const fraction = fractionAt(final, at, options);
      if (fraction < 1) matrix.keepLargest(Math.max(1, Math.round(fraction * matrix.rows * matrix.cols)));
    }
    return state;
  },
  rateFactor(at, options) {
    const fraction = fractionAt(options.block, at, options);
    return options.sharkfin === "capped" ? Math.min(4, 1 / Math.sqrt(fraction)) : Math.sqrt(options.block / fraction);
  },
  density: (at, options) => fractionAt(options.block, at, options),
});

function fractionAt(final: number, { step, steps }: { step: number; steps: number }, options: TopKOptions): number {
  const progress = Math.min(1, step / Math.max(1, options.annealUntil * steps));
  return options.anneal === "geometric" ? final ** progress : 1 + (final - 1) * progress;
}
