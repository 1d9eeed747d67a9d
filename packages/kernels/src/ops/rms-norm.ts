import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";

/** PyTorch's default for float32, which the published models were trained with. */
export const RMS_NORM_EPSILON = 2 ** -23;

/**
 * RMSNorm (Zhang & Sennrich 2019): y = x · gain / √(mean over channels of x² + ε).
 *
 * @param x [channels, tokens]
 * @param gain [channels]
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>([x, gain], (...given) => {
    const [x, gain] = given as [tf.Tensor2D, tf.Tensor1D];
    if (!hasKernels()) return portable(x, gain);
    const value = output<tf.Rank.R2>([channels, tokens]);
    const scale = output<tf.Rank.R1>([tokens]);
    const sums = output<tf.Rank.R1>([2 * tokens]);
    call("rmsNorm", x, gain, channels, tokens, RMS_NORM_EPSILON, value, scale, sums);
    sums.dispose();
    return {
      value,
      saved: [x, gain, scale],
      gradients: (dy, saved) => {
        const [x, gain, scale] = saved as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
        const dx = output<tf.Rank.R2>([channels, tokens]);
        const dgain = output<tf.Rank.R1>([channels]);
        const pulls = output<tf.Rank.R1>([tokens]);
        call("rmsNormGrad", x, gain, scale, dy, channels, tokens, pulls, dx, dgain);
        pulls.dispose();
        return [dx, dgain];
      },
    };
  });
}

function portable(x: tf.Tensor2D, gain: tf.Tensor1D) {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), 0), RMS_NORM_EPSILON)); // [tokens]
  const column = tf.reshape(gain, [-1, 1]);
  return {
    value: tf.mul(tf.mul(x, scale), column) as tf.Tensor2D,
    saved: [x, column, scale],
    gradients: (dy: tf.Tensor2D, [x, column, scale]: tf.Tensor[]) => {
      const g = tf.mul(dy, column!);
      const pull = tf.mul(tf.mean(tf.mul(g, x!), 0), tf.pow(scale!, 3));
      const dx = tf.sub(tf.mul(g, scale!), tf.mul(x!, pull));
      return [dx, tf.sum(tf.mul(tf.mul(dy, x!), scale!), 1)];
    },
  };
}
