import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";

/**
 * A copy of x with single entries replaced; later ones win. What is not named stays to the bit.
 * The gradient of x is 0 where it was replaced; the values have none.
 *
 * @param x [channels, tokens]
 * @param indices row-major: channel · tokens + token
 * @param values one per index
 * @throws RangeError for an index outside x, or another number of values than of indices.
 */
export function overwrite(x: tf.Tensor2D, indices: Int32Array, values: Float32Array): tf.Tensor2D {
  if (indices.length !== values.length) {
    throw new RangeError(`${indices.length} indices and ${values.length} values: each index takes one value.`);
  }
  const outside = indices.find((index) => index < 0 || index >= x.size);
  if (outside !== undefined) throw new RangeError(`The index ${outside} lies outside a tensor of ${x.size} values.`);
  return differentiable<tf.Rank.R2>([x], (x) => ({
    value: replaceEntries(x as tf.Tensor2D, indices, values),
    saved: [],
    gradients: (dy) => [replaceEntries(dy, indices, new Float32Array(values.length))],
  }));
}

/**
 * A copy of x with whole rows replaced. What is not named stays to the bit. No gradient.
 *
 * @param x [channels, tokens]
 * @param rows which channels
 * @param values [rows, tokens]
 */
export function replaceRows(x: tf.Tensor2D, rows: Int32Array, values: tf.Tensor2D): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  const outside = rows.find((row) => row < 0 || row >= channels);
  if (outside !== undefined) throw new RangeError(`The row ${outside} lies outside a tensor of ${channels} rows.`);
  if (!hasKernels()) {
    const data = x.dataSync<"float32">().slice();
    const given = values.dataSync<"float32">();
    rows.forEach((row, i) => data.set(given.subarray(i * tokens, (i + 1) * tokens), row * tokens));
    return tf.tensor2d(data, [channels, tokens]);
  }
  const y = output<tf.Rank.R2>(x.shape);
  const at = tf.tensor1d(rows, "int32");
  call("replaceRows", x, x.size, at, values, rows.length, tokens, y);
  at.dispose();
  return y;
}

function replaceEntries(x: tf.Tensor2D, indices: Int32Array, values: Float32Array): tf.Tensor2D {
  if (!hasKernels()) {
    const data = x.dataSync<"float32">().slice();
    indices.forEach((index, i) => (data[index] = values[i]!));
    return tf.tensor2d(data, x.shape);
  }
  const y = output<tf.Rank.R2>(x.shape);
  const [at, what] = [tf.tensor1d(indices, "int32"), tf.tensor1d(values)];
  call("overwrite", x, x.size, at, what, values.length, y);
  tf.dispose([at, what]);
  return y;
}
