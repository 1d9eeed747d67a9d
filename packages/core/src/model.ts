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
  /** sha256 over the config and the bytes of the parameter file, in hexadecimal: names the model in other files. */
  readonly hash: string;
}

/** The logits [outputs, readout] of a batch; everything else that the pass made is freed, and so must the logits be. */
export function runModel(model: Model, tokens: TokenBatch, options: ForwardOptions = {}): tf.Tensor2D {
  return tf.tidy(() => forward(model.config, model.parameters, tokens, options));
}

/** Frees a model's tensors. The model cannot run afterwards. */
export function disposeModel(model: Model): void {
  model.parameters.dispose();
}
