import * as tf from "@tensorflow/tfjs-core";
import type { SparseRows } from "@filigree/kernels";
import { sha256 } from "#platform/sha256";
import type { Model } from "./model.ts";
import { freezeParameters, listParameters } from "./parameters.ts";
import { randomStream, type RandomStream, type Seed } from "./random.ts";

/**
 * The same model untrained: each nonzero of a parameter is drawn anew from the normal distribution with the mean and the
 * standard deviation of that parameter's nonzeros. What is zero stays zero, so that sparsity and scale are the trained
 * ones, and what training found is gone. Positions that are computed stay. It has no means. The caller disposes it.
 */
export function untrainedModel(model: Model, seed: Seed): Model {
  const { config, parameters, tokenizer } = model;
  const values = new Map<string, Float32Array | SparseRows>();
  for (const { name, role, trained } of listParameters(config)) {
    if (!parameters.has(name)) continue;
    const stored = parameters.matrix(name);
    const computed = role === "positions" && !trained;
    // The stream is called after the package that drew it first: recorded evaluations stay what they are.
    const random = randomStream(seed, `pruners/untrained/${name}`);
    const redraw = (data: Float32Array) => (computed ? data.slice() : redrawn(data, random));
    if (stored instanceof tf.Tensor) values.set(name, redraw(stored.dataSync<"float32">()));
    else {
      const rows = stored.toCompressed();
      values.set(name, { ...rows, values: redraw(rows.values) });
    }
  }
  const hash = sha256().update(`untrained ${seed} ${model.hash}`).hex();
  return { config, parameters: freezeParameters(config, values), means: new Map(), tokenizer, hash };
}

function redrawn(data: Float32Array, random: RandomStream): Float32Array {
  const nonzeros = data.filter((value) => value !== 0);
  const mean = nonzeros.reduce((sum, value) => sum + value, 0) / nonzeros.length;
  const variance = nonzeros.reduce((sum, value) => sum + (value - mean) ** 2, 0) / nonzeros.length;
  return data.map((value) => (value === 0 ? 0 : mean + Math.sqrt(variance) * random.normal()));
}
