import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { oneHot } from "./one-hot.ts";

/**
 * AbsTopK (Gao et al. 2025, §2): of each token's channels keep the k of largest magnitude, zero the rest. Ties go to
 * the lower channel; zeros count as entries, so exactly k are selected. The gradient passes where x was selected.
 *
 * @param x [channels, tokens]
 * @param k how many channels stay; k ≥ channels changes nothing
 */
export function absTopK(x: tf.Tensor2D, k: number): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  if (k >= channels) return x;
  return differentiable<tf.Rank.R2>([x], (given) => {
    const x = given as tf.Tensor2D;
    if (!hasKernels()) {
      const mask = portableMask(x, k);
      return { value: tf.mul(x, mask), saved: [mask], gradients: (dy, [mask]) => [tf.mul(dy, mask!)] };
    }
    const value = output<tf.Rank.R2>([channels, tokens]);
    const select = output<tf.Rank.R2>([2, tokens], "int32");
    const scratch = output<tf.Rank.R1>([call("absTopKScratch", channels)]);
    call("absTopK", x, channels, tokens, k, scratch, value, select);
    scratch.dispose();
    return {
      value,
      saved: [x, select],
      gradients: (dy, [x, select]) => {
        const dx = output<tf.Rank.R2>([channels, tokens]);
        call("absTopKGrad", x!, select!, dy, channels, tokens, dx);
        return [dx];
      },
    };
  });
}

/** 1 where selected. tfjs's topk breaks ties by the lower index too, along the last axis. */
function portableMask(x: tf.Tensor2D, k: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [channels] = x.shape;
    const { indices } = tf.topk(tf.transpose(tf.abs(x)), k);
    return tf.transpose(tf.sum(oneHot(indices, channels), 1)) as tf.Tensor2D;
  });
}
