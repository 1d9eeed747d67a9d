import * as tf from "@tensorflow/tfjs-core";
import {
  crossEntropy,
  disposeModel,
  freezeParameters,
  listSites,
  parseSite,
  runModel,
  siteWidth,
  type Model,
  type ModelConfig,
  type ParameterValues,
} from "@filigree/core";
import type { TrainingBatch } from "./tokens.ts";

/** Runs something on a model of these weights, which is gone afterwards. */
export function withModel<Result>(config: ModelConfig, values: ParameterValues, use: (model: Model) => Result): Result {
  const parameters = freezeParameters(config, values);
  const model: Model = { config, parameters, means: new Map(), tokenizer: undefined, hash: "" };
  try {
    return use(model);
  } finally {
    disposeModel(model);
  }
}

/** How a model does on batches that it is not trained on. */
export interface Measured {
  /** Mean cross-entropy, nats per token. */
  readonly loss: number;
  /** Share of the MLP's neurons, over all layers, that are 0 at every token. */
  readonly deadNeurons: number;
}

export function measure(model: Model, batches: readonly TrainingBatch[]): Measured {
  const neurons = listSites(model.config.nLayer).filter((site) => parseSite(site).kind === "mlp.post_act");
  const fires = new Map(neurons.map((site) => [site, new Uint8Array(siteWidth(model.config, site))]));
  let sum = 0;
  let tokens = 0;
  for (const batch of batches) {
    const losses = tf.tidy(() => {
      const logits = runModel(model, batch, {
        edit(site, value) {
          const seen = fires.get(site);
          if (seen) markNonzero(seen, value.dataSync<"float32">());
          return value;
        },
      });
      return crossEntropy(logits, tf.tensor1d(batch.targets, "int32"));
    });
    sum += losses.dataSync<"float32">().reduce((total, loss) => total + loss, 0);
    tokens += losses.size;
    losses.dispose();
  }
  const all = [...fires.values()].flatMap((seen) => [...seen]);
  return { loss: sum / tokens, deadNeurons: all.filter((seen) => seen === 0).length / all.length };
}

/** Marks the channels of [channels, tokens] that are not 0 at some token. */
function markNonzero(seen: Uint8Array, values: Float32Array): void {
  const tokens = values.length / seen.length;
  for (let channel = 0; channel < seen.length; channel++) {
    for (let at = channel * tokens; seen[channel] === 0 && at < (channel + 1) * tokens; at++) {
      if (values[at] !== 0) seen[channel] = 1;
    }
  }
}
