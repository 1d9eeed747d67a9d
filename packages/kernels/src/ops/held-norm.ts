import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { LAYER_NORM_EPSILON } from "./layer-norm.ts";
import { RMS_NORM_EPSILON } from "./rms-norm.ts";

// Norms in two steps, so that the scale of one run can be put into another. No gradients: the model is run, not trained.

/**
 * What a norm multiplies each token of x [channels, tokens] by, [tokens]: 1 / √(mean of squares + ε), for `layer` of
 * what the mean leaves. To the bit what `rmsNorm` and `layerNorm` use.
 */
export function normScales(norm: "rms" | "layer", x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => statistics(norm, x).scales);
}

/** The norm of x [channels, tokens] with given scales [tokens]; the mean of `layer` is x's own. */
export function normaliseBy(
  norm: "rms" | "layer",
  x: tf.Tensor2D,
  scales: tf.Tensor1D,
  gain: tf.Tensor1D,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const centred = norm === "rms" ? x : tf.sub<tf.Tensor2D>(x, statistics(norm, x).means);
    const normal = tf.mul<tf.Tensor2D>(tf.mul(centred, scales), tf.reshape(gain, [-1, 1]));
    return bias ? tf.add<tf.Tensor2D>(normal, tf.reshape(bias, [-1, 1])) : normal;
  });
}

function statistics(norm: "rms" | "layer", x: tf.Tensor2D): { means: tf.Tensor1D; scales: tf.Tensor1D } {
  const [channels, tokens] = x.shape;
  if (!hasKernels()) {
    const means = tf.mean<tf.Tensor1D>(x, 0);
    const squares = tf.square(norm === "rms" ? x : tf.sub(x, means));
    const epsilon = norm === "rms" ? RMS_NORM_EPSILON : LAYER_NORM_EPSILON;
    return { means, scales: tf.rsqrt(tf.add(tf.mean<tf.Tensor1D>(squares, 0), epsilon)) };
  }
  const [means, scales] = [output<tf.Rank.R1>([tokens]), output<tf.Rank.R1>([tokens])];
  const [normal, sums] = [output<tf.Rank.R2>(x.shape), output<tf.Rank.R1>([2 * tokens])];
  const gain = tf.ones<tf.Rank.R1>([channels]);
  if (norm === "rms") call("rmsNorm", x, gain, channels, tokens, RMS_NORM_EPSILON, normal, scales, sums);
  else call("layerNorm", x, gain, undefined, channels, tokens, LAYER_NORM_EPSILON, normal, means, scales, sums);
  return { means, scales };
}
