import { choiceOption, defineOptions, numberOption, type OptionsOf } from "@filigree/core";
import type { SearchRanges } from "../contract/pruner.ts";

/** Options of the learned mask. The defaults are the centres of the published search (Gao et al. 2025, Table 2). */
export const LEARNED_MASK_OPTIONS = defineOptions({
  steps: numberOption({
    about: "steps of learning, each on one mini-batch; unpublished, Drori's replication uses 500 to 2,000",
    default: 600,
    least: 1,
    whole: true,
  }),
  batchPairs: numberOption({ about: "contrast pairs in a mini-batch", default: 64, least: 1, whole: true }),
  nodeCost: numberOption({ about: "what a node costs, in nats", default: 1e-4 }),
  initialMean: numberOption({ about: "mean of the normal that τ starts at", default: 0.1, least: -1, most: 1 }),
  initialDeviation: numberOption({ about: "its standard deviation", default: 0.01 }),
  temperature: numberOption({ about: "T of the surrogate gradient σ′(τ/T)/T", default: 1, least: 1e-3 }),
  learningRate: numberOption({ about: "of Adam on τ", default: 3e-3 }),
  warmup: numberOption({
    about: "share of the steps over which the learning rate rises; afterwards it falls to 0 linearly",
    default: 0.05,
    most: 1,
  }),
  weightDecay: numberOption({ about: "decoupled, on τ", default: 1e-3 }),
  beta2: numberOption({ about: "decay of Adam's second moment", default: 0.95, most: 0.9999 }),
  clip: numberOption({
    about: "the longest gradient, as its Euclidean norm over all gates",
    default: 1,
    least: 1e-9,
  }),
  queriesAndKeys: choiceOption(["separate", "tied"], {
    about:
      "whether channel c of a head's queries and channel c of its keys have a gate each, as published, or one together",
    default: "separate",
  }),
  norms: choiceOption(["live", "frozen"], {
    about:
      "while gates are learned, norms scale a token by its size in the masked pass (live), as published, or in the " +
      "whole model's (frozen); the circuit is cut out and measured with live norms either way",
    default: "live",
  }),
});

/** Values of {@link LEARNED_MASK_OPTIONS}. */
export type LearnedMaskOptions = OptionsOf<typeof LEARNED_MASK_OPTIONS>;

/** Ranges about those centres. The published ones are unknown. */
export const LEARNED_MASK_SEARCH: SearchRanges<LearnedMaskOptions> = {
  nodeCost: { from: 1e-5, to: 1e-2, scale: "log" },
  learningRate: { from: 1e-3, to: 3e-2, scale: "log" },
  temperature: { from: 0.3, to: 3, scale: "log" },
  initialMean: { from: 0.02, to: 0.5, scale: "log" },
  weightDecay: { from: 1e-4, to: 1e-2, scale: "log" },
};
