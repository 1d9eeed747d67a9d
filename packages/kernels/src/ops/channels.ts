import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./custom-gradient.ts";
import { sumOverTokens } from "./linear.ts";

// Operations that take channels or tokens as they are: sums, slices, gates.

/** a + b, both [channels, tokens]. */
export function add(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([a, b], (a, b) => ({
    value: tf.add<tf.Tensor2D>(a!, b!),
    saved: [],
    gradients: (dy) => [tf.clone(dy), tf.clone(dy)],
  }));
}

/** x + one value per channel: x [channels, tokens], bias [channels]. */
export function addToChannels(x: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x, bias], (x, bias) => ({
    value: tf.add<tf.Tensor2D>(x!, tf.reshape(bias!, [-1, 1])),
    saved: [],
    gradients: (dy) => [tf.clone(dy), sumOverTokens(dy)],
  }));
}

/** Channels [start, start + count) of x [channels, tokens]. */
export function sliceChannels(x: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>([x], (x) => ({
    value: tf.slice(x as tf.Tensor2D, [start, 0], [count, tokens]),
    saved: [],
    gradients: (dy) => [
      tf.pad(dy, [
        [start, channels - start - count],
        [0, 0],
      ]),
    ],
  }));
}

/** The given token columns of x [channels, tokens], in the given order → [channels, columns]. */
export function gatherTokens(x: tf.Tensor2D, columns: Int32Array): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>([x], (x) => ({
    value: tf.gather(x as tf.Tensor2D, tf.tensor1d(columns, "int32"), 1),
    saved: [],
    gradients: (dy) => {
      const source = dy.dataSync();
      const dx = new Float32Array(channels * tokens);
      for (let c = 0; c < channels; c++) {
        for (let j = 0; j < columns.length; j++) dx[c * tokens + columns[j]!]! += source[c * columns.length + j]!;
      }
      return [tf.tensor2d(dx, [channels, tokens])];
    },
  }));
}

/**
 * y = gate · x + (1 − gate) · fill: mean ablation of the channels whose gate is 0.
 *
 * @param x [channels, tokens]
 * @param gate [channels], usually 0 or 1
 * @param fill [channels], what an ablated channel shows; no gradient
 */
export function gateChannels(x: tf.Tensor2D, gate: tf.Tensor1D, fill: tf.Tensor1D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x, gate], (...given) => {
    const [x, gate] = given as [tf.Tensor2D, tf.Tensor1D];
    const column = tf.reshape(gate, [-1, 1]);
    const difference = tf.sub<tf.Tensor2D>(x, tf.reshape(fill, [-1, 1]));
    // fill + gate · (x − fill), except that an open gate shows x itself, to the bit.
    const value = tf.where(tf.equal(column, 1), x, tf.add(tf.reshape(fill, [-1, 1]), tf.mul(difference, column)));
    return {
      value,
      saved: [difference, column],
      gradients: (dy, [difference, column]) => [
        tf.mul(dy, column!),
        sumOverTokens(tf.mul(dy, difference!) as tf.Tensor2D),
      ],
    };
  });
}
