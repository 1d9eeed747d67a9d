import * as tf from "@tensorflow/tfjs-core";
import { compress, DENSE_ABOVE, disposeCompressed, transpose, type CompressedRows } from "../sparse-matrix.ts";
import { call, output } from "../wasm/module.ts";

// Dense products on the wasm backend that look for zeros first. With AbsTopK, at least one factor of almost every
// product of the model and of its gradients is three quarters zero.

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
  return tf.tidy(() => tokensProduct(right, transpose(left), bias));
}

/**
 * right [inner, n] · turned [inner, rows], both turned → [rows, n], skipping the zeros of `right`: it is compressed by
 * columns, and each column of the result depends on its own only.
 */
export function tokensProduct(right: tf.Tensor2D, turned: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => {
    const y = transpose(compressedProduct(compress(transpose(right)), right.shape[1], turned));
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
  const scratch = output<tf.Rank.R1>([call("csrMatMulScratch", left.values.size, inner, n)]);
  call("csrMatMul", left.rowStarts, left.columns, left.values, bias, rows, right, inner, n, scratch, y);
  scratch.dispose();
  return y;
}

/** Whether skipping the zeros of x saves time. */
export function isSparse(x: tf.Tensor2D): boolean {
  return density(x) <= DENSE_ABOVE;
}

/** The share of values that are not zero; of a large tensor by a sample. */
function density(x: tf.Tensor2D): number {
  return x.size === 0 ? 0 : call("shareNonzero", x, x.size);
}
