import { numberOptions, type OptionsOf } from "../contract/options-schema.ts";

/** Options of the learned mask. The defaults are the centres of the published search (Gao et al. 2025, Table 2). */
export const LEARNED_MASK_OPTIONS = numberOptions({
  /** Steps of learning, each on one mini-batch. Unpublished; Drori's replication uses 500 to 2,000. */
  steps: { default: 600, least: 1, whole: true },
  /** Contrast pairs in a mini-batch. */
  batchPairs: { default: 64, least: 1, whole: true },
  /** What a node costs, in nats. */
  nodeCost: { default: 1e-4, least: 0 },
  /** τ starts at a normal of this mean and standard deviation. */
  initialMean: { default: 0.1, least: -1, most: 1 },
  initialDeviation: { default: 0.01, least: 0 },
  /** T of the surrogate gradient σ′(τ/T)/T. */
  temperature: { default: 1, least: 1e-3 },
  learningRate: { default: 3e-3, least: 0 },
  /** Share of the steps over which the learning rate rises; afterwards it falls to 0 linearly. */
  warmup: { default: 0.05, least: 0, most: 1 },
  weightDecay: { default: 1e-3, least: 0 },
  beta2: { default: 0.95, least: 0, most: 0.9999 },
  /** The longest gradient, as its Euclidean norm over all gates. */
  clip: { default: 1, least: 1e-9 },
});

/** Values of {@link LEARNED_MASK_OPTIONS}. */
export type LearnedMaskOptions = OptionsOf<typeof LEARNED_MASK_OPTIONS>;
