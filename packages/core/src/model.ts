import * as tf from "@tensorflow/tfjs-core";
import type { SiteName } from "@filigree/sites";
import type { ModelConfig } from "./config.ts";
import { forward, type ForwardOptions, type TokenBatch } from "./forward.ts";
import type { Parameters } from "./parameters.ts";
import type { Tokenizer } from "./tokenizer/index.ts";

/** A model to run. Runs are values: nothing about a run is kept in the model. */
export interface Model {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  /** Mean of every site over the training corpus, [channels], for mean ablation. Empty where the file has none. */
  readonly means: ReadonlyMap<SiteName, Float32Array>;
  readonly tokenizer: Tokenizer | undefined;
  /** sha256 over the config and the parameters, in hexadecimal: names the model in other files. */
  readonly hash: string;
  /** What of its files was passed over, one sentence each. */
  readonly notes?: readonly string[];
}

/** Values of the widest activation of a panel of tokens: 1 MiB, about a processor's second cache. */
const PANEL_VALUES = 2 ** 18;

/** The logits [outputs, readout] of a batch; everything else that the pass made is freed, and so must the logits be. */
export function runModel(model: Model, tokens: TokenBatch, options: ForwardOptions = {}): tf.Tensor2D {
  const { dMlp } = model.config;
  // The kernels take 32 columns at a time.
  const panel = 32 * Math.max(1, Math.floor(PANEL_VALUES / (32 * dMlp)));
  return tf.tidy(() => forward(model.config, model.parameters, tokens, { panel, ...options }));
}

/** Frees a model's tensors. The model cannot run afterwards. */
export function disposeModel(model: Model): void {
  model.parameters.dispose();
}
