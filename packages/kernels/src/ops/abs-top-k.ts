import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { channelsOf } from "./channels.ts";
import { differentiableParts } from "./custom-gradient.ts";
import { oneHot } from "./one-hot.ts";

/**
 * AbsTopK (Gao et al. 2025, §2): of each token's channels keep the k of largest magnitude, zero the rest. Ties go to
 * the lower channel; zeros count as entries, so exactly k are selected. The gradient passes where x was selected.
 *
 * @param x [channels, tokens]
 * @param k how many channels stay; k ≥ channels changes nothing
 */
export function absTopK(x: tf.Tensor2D, k: number): tf.Tensor2D {
  return k >= x.shape[0] ? x : absTopKOfParts(x, [k])[0]!;
}

/**
 * {@link absTopK} of each of several parts of the channels: queries, keys and values as one product made them.
 *
 * @param x [parts · channels, tokens]
 * @param ks how many channels of each part stay
 * @returns as many tensors [channels, tokens]
 */
export function absTopKOfParts(x: tf.Tensor2D, ks: readonly number[]): tf.Tensor2D[] {
  const [rows, tokens] = x.shape;
  const channels = rows / ks.length;
  return differentiableParts<tf.Rank.R2>([x], (given) => {
    const x = given as tf.Tensor2D;
    if (!hasKernels()) return portable(x, ks, channels);
    const scratch = output<tf.Rank.R1>([call("absTopKScratch", channels)]);
    const selects: tf.Tensor[] = [];
    const values = ks.map((k, part) => {
      if (k >= channels) return channelsOf(x, part * channels, channels);
      const value = output<tf.Rank.R2>([channels, tokens]);
      const select = output<tf.Rank.R2>([2, tokens], "int32");
      call("absTopK", x, part * channels, channels, tokens, k, scratch, value, select);
      selects.push(select);
      return value;
    });
    scratch.dispose();
    return {
      values,
      saved: [x, ...selects],
      gradients: (dys, [x, ...selects]) => {
        const dx = output<tf.Rank.R2>([rows, tokens]);
        ks.forEach((k, part) => {
          const row = part * channels;
          if (k >= channels) call("copyValues", dys[part], 0, channels * tokens, dx, row * tokens);
          else call("absTopKGrad", x!, row, selects.shift(), dys[part], channels, tokens, dx);
        });
        return [dx];
      },
    };
  });
}

function portable(x: tf.Tensor2D, ks: readonly number[], channels: number) {
  const parts = ks.map((k, part) => {
    const own = channelsOf(x, part * channels, channels);
    return { own, mask: k >= channels ? tf.onesLike(own) : portableMask(own, k) };
  });
  return {
    values: parts.map(({ own, mask }) => tf.mul<tf.Tensor2D>(own, mask)),
    saved: parts.map(({ mask }) => mask),
    gradients: (dys: tf.Tensor2D[], masks: tf.Tensor[]) => [
      tf.concat(
        dys.map((dy, part) => tf.mul<tf.Tensor2D>(dy, masks[part]!)),
        0,
      ),
    ],
  };
}

/** 1 where selected. tfjs's topk breaks ties by the lower index too, along the last axis. */
function portableMask(x: tf.Tensor2D, k: number): tf.Tensor2D {
  return tf.tidy(() => {
    const [channels] = x.shape;
    const { indices } = tf.topk(tf.transpose(tf.abs(x)), k);
    return tf.transpose(tf.sum(oneHot(indices, channels), 1)) as tf.Tensor2D;
  });
}
