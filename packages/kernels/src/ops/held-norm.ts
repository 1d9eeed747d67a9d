import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { LAYER_NORM_EPSILON } from "./layer-norm.ts";
import { sumOverTokens } from "./linear.ts";
import { RMS_NORM_EPSILON } from "./rms-norm.ts";

// Norms in two steps, so that the scale of one run can be put into another.

/**
 * What a norm multiplies each token of x [channels, tokens] by, [tokens]: 1 / √(mean of squares + ε), for `layer` of
 * what the mean leaves. To the bit what `rmsNorm` and `layerNorm` use.
 */
export function normScales(norm: "rms" | "layer", x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => statistics(norm, x).scales);
}

/**
 * The norm of x [channels, tokens] with given scales [tokens]; the mean of `layer` is x's own. Scales are constants:
 * x, gain and bias have gradients, and none flows through what the scales were taken from.
 */
export function normaliseBy(
  norm: "rms" | "layer",
  x: tf.Tensor2D,
  scales: tf.Tensor1D,
  gain: tf.Tensor1D,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  return differentiable<tf.Rank.R2>(bias ? [x, gain, bias] : [x, gain], (...given) => {
    const [x, gain, bias] = given as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D?];
    const centred = norm === "rms" ? x : tf.sub(x, statistics(norm, x).means);
    const normal = tf.mul(centred, scales);
    const column = tf.reshape(gain, [-1, 1]);
    const value = tf.mul<tf.Tensor2D>(normal, column);
    return {
      value: bias ? tf.add<tf.Tensor2D>(value, tf.reshape(bias, [-1, 1])) : value,
      saved: [normal, column, scales],
      gradients: (dy, [normal, column, scales]) => {
        const g = tf.mul(dy, column!);
        const dx = tf.mul(norm === "rms" ? g : tf.sub(g, tf.mean(g, 0)), scales!);
        const dgain = sumOverTokens(tf.mul(dy, normal!));
        return bias ? [dx, dgain, sumOverTokens(dy)] : [dx, dgain];
      },
    };
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
