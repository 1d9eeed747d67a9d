import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { sumOverTokens } from "./linear.ts";

/** PyTorch's default. */
export const LAYER_NORM_EPSILON = 1e-5;

/**
 * LayerNorm (Ba et al. 2016): y = (x − μ) / √(σ² + ε) · gain + bias, mean μ and variance σ² over the channels of a token.
 *
 * @param x [channels, tokens]
 * @param gain [channels]
 * @param bias [channels]
 */
export function layerNorm(x: tf.Tensor2D, gain: tf.Tensor1D, bias?: tf.Tensor1D): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>(bias ? [x, gain, bias] : [x, gain], (...given) => {
    const [x, gain, bias] = given as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D?];
    if (!hasKernels()) return portable(x, gain, bias);
    const value = output<tf.Rank.R2>([channels, tokens]);
    const mean = output<tf.Rank.R1>([tokens]);
    const scale = output<tf.Rank.R1>([tokens]);
    const sums = output<tf.Rank.R1>([2 * tokens]);
    call("layerNorm", x, gain, bias, channels, tokens, LAYER_NORM_EPSILON, value, mean, scale, sums);
    sums.dispose();
    return {
      value,
      saved: [x, gain, mean, scale],
      gradients: (dy, saved) => {
        const [x, gain, mean, scale] = saved as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
        const dx = output<tf.Rank.R2>([channels, tokens]);
        const dgain = output<tf.Rank.R1>([channels]);
        call("layerNormGradInput", x, gain, mean, scale, dy, channels, tokens, dx);
        call("layerNormGradGain", x, mean, scale, dy, channels, tokens, dgain);
        return bias ? [dx, dgain, sumOverTokens(dy)] : [dx, dgain];
      },
    };
  });
}

function portable(x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D | undefined) {
  const centred = tf.sub(x, tf.mean(x, 0));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 0), LAYER_NORM_EPSILON)); // [tokens]
  const normal = tf.mul(centred, scale);
  const column = tf.reshape(gain, [-1, 1]);
  const value = tf.mul<tf.Tensor2D>(normal, column);
  return {
    value: bias ? tf.add<tf.Tensor2D>(value, tf.reshape(bias, [-1, 1])) : value,
    saved: [normal, column, scale],
    gradients: (dy: tf.Tensor2D, [normal, column, scale]: tf.Tensor[]) => {
      const g = tf.mul(dy, column!);
      const pull = tf.mul(normal!, tf.mean(tf.mul(g, normal!), 0));
      const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 0)), pull), scale!);
      const dgain = tf.sum(tf.mul(dy, normal!), 1);
      return bias ? [dx, dgain, tf.sum(dy, 1)] : [dx, dgain];
    },
  };
}
