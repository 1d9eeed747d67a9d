import * as tf from "@tensorflow/tfjs-core";
import { compress, disposeCompressed, type CompressedRows } from "../sparse-matrix.ts";
import { call, output } from "../wasm/module.ts";

// Dense products on the wasm backend that look for zeros first. With AbsTopK, at least one factor of almost every
// product of the model and of its gradients is three quarters zero.

/** Above this share of nonzeros tfjs's dense product is faster than skipping zeros (measured: benchmarks/products). */
const DENSE_ABOVE = 0.5;

/** left [rows, inner] · right [inner, n], skipping the zeros of the factor that has more of them. */
export function product(left: tf.Tensor2D, right: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const leftDensity = density(left);
  const rightDensity = density(right);
  if (Math.min(leftDensity, rightDensity) > DENSE_ABOVE) {
    const y = tf.matMul<tf.Tensor2D>(left, right);
    if (bias) call("addToRows", bias, y.shape[0], y.shape[1], y);
    return y;
  }
  if (leftDensity <= rightDensity) {
    const compressed = compress(left);
    const y = compressedProduct(compressed, left.shape[0], right, bias);
    disposeCompressed(compressed);
    return y;
  }
  // left · right = (rightᵀ · leftᵀ)ᵀ
  return tf.tidy(() => {
    const turned = compressedProduct(compress(transpose(right)), right.shape[1], transpose(left));
    const y = transpose(turned);
    if (bias) call("addToRows", bias, y.shape[0], y.shape[1], y);
    return y;
  });
}

/** left · right + bias for a compressed left factor of `rows` rows. Columns of the result do not affect each other. */
export function compressedProduct(
  left: CompressedRows,
  rows: number,
  right: tf.Tensor2D,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  const [inner, n] = right.shape;
  const y = output<tf.Rank.R2>([rows, n]);
  const panel = output<tf.Rank.R1>([inner * 32]);
  call("csrMatMul", left.rowStarts, left.columns, left.values, bias, rows, right, inner, n, panel, y);
  panel.dispose();
  return y;
}

/** x [rows, cols] → [cols, rows]. tfjs's own takes about ten times as long. */
export function transpose(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, cols] = x.shape;
  const y = output<tf.Rank.R2>([cols, rows]);
  call("transpose", x, rows, cols, y);
  return y;
}

function density(x: tf.Tensor2D): number {
  return x.size === 0 ? 0 : call("countNonzero", x, x.size) / x.size;
}
