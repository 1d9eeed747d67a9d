import * as tf from "@tensorflow/tfjs-core";
import type { PatternedMatrix, SparsityPattern } from "../sparsity-pattern.ts";
import { call, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { compressedProduct } from "./product.ts";

// Matrices that train at the members of a pattern only. On wasm each product costs what the members cost; the portable
// version goes through the dense matrix.

/**
 * The dense matrix of a patterned one: for small tables that are looked up.
 *
 * @returns [rows, cols]; its gradient is read at the members
 */
export function denseMatrix({ pattern, values }: PatternedMatrix): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([values], (values) => ({
    value: scatter(pattern, values as tf.Tensor1D),
    saved: [],
    gradients: (dy) => [valuesAt(pattern, dy)],
  }));
}

/** Entries of a dense [rows, cols] matrix at the members of a pattern: [size]. No gradient passes. */
export function valuesAt(pattern: SparsityPattern, dense: tf.Tensor2D): tf.Tensor1D {
  const { rows, cols, indices } = pattern;
  if (!indices) return tf.tidy(() => tf.gather(tf.reshape(dense, [-1]), tf.tensor1d(pattern.places, "int32")));
  const values = output<tf.Rank.R1>([pattern.size]);
  call("gatherRows", indices.rowStarts, indices.columns, dense, rows, cols, values);
  return values;
}

function scatter(pattern: SparsityPattern, values: tf.Tensor1D): tf.Tensor2D {
  const { rows, cols, places, indices } = pattern;
  if (!indices) {
    const dense = new Float32Array(rows * cols);
    const data = values.dataSync<"float32">();
    for (let k = 0; k < places.length; k++) dense[places[k]!] = data[k]!;
    return tf.tensor2d(dense, [rows, cols], "float32");
  }
  const dense = output<tf.Rank.R2>([rows, cols]);
  call("scatterRows", indices.rowStarts, indices.columns, values, rows, cols, dense);
  return dense;
}

/** y = W · x + b. */
export function patternedProduct(x: tf.Tensor2D, weight: PatternedMatrix, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const { rows, indices } = weight.pattern;
  if (!indices) {
    const y = tf.tidy(() => tf.matMul<tf.Tensor2D>(scatter(weight.pattern, weight.values), x));
    return bias ? tf.add(y, tf.reshape(bias, [-1, 1])) : y;
  }
  const { rowStarts, columns } = indices;
  return compressedProduct({ rowStarts, columns, values: weight.values }, rows, x, bias);
}

/** Up to so many members, what is summed for each while tokens pass stays in a processor's second cache. */
const FUSED_UP_TO = 32768;

/** The gradients of W · x with respect to x and to the members of W. */
export function patternedGradients(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  { pattern, values }: PatternedMatrix,
): [dx: tf.Tensor2D, dw: tf.Tensor1D] {
  const { rows, cols, size, indices } = pattern;
  if (!indices) {
    const dx = tf.tidy(() => tf.matMul<tf.Tensor2D>(scatter(pattern, values), dy, true, false));
    return [dx, tf.tidy(() => valuesAt(pattern, tf.matMul<tf.Tensor2D>(dy, x, false, true)))];
  }
  const { rowStarts, columns, columnStarts, rowsByColumn, order } = indices;
  const [, tokens] = x.shape;
  const byColumn = output<tf.Rank.R1>([size]);
  call("gatherValues", values, order, size, byColumn);
  const dw = output<tf.Rank.R1>([size]);
  let dx: tf.Tensor2D;
  if (size <= FUSED_UP_TO) {
    dx = output<tf.Rank.R2>([cols, tokens]);
    const scratch = output<tf.Rank.R1>([call("patternedGradientsScratch", size, rows)]);
    const byColumns = [columnStarts, rowsByColumn, byColumn, order];
    call("patternedGradients", ...byColumns, rows, cols, dy, x, tokens, scratch, dx, dw);
    scratch.dispose();
  } else {
    dx = compressedProduct({ rowStarts: columnStarts, columns: rowsByColumn, values: byColumn }, cols, dy);
    const scratch = output<tf.Rank.R1>([call("sampledProductScratch", size, cols)]);
    call("sampledProduct", rowStarts, columns, rows, dy, x, cols, tokens, scratch, dw);
    scratch.dispose();
  }
  byColumn.dispose();
  return [dx, dw];
}
