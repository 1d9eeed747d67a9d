import * as tf from "@tensorflow/tfjs-core";
import { SparseMatrix, transpose } from "../sparse-matrix.ts";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { compressedProduct, product, tokensProduct } from "./product.ts";

/**
 * y = W · x + b.
 *
 * @param x [in, tokens]
 * @param weight [out, in]; a SparseMatrix is frozen: no gradient with respect to it is ever computed
 * @param bias [out]
 * @returns [out, tokens]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D | SparseMatrix, bias?: tf.Tensor1D): tf.Tensor2D {
  return weight instanceof SparseMatrix ? frozenLinear(x, weight, bias) : trainedLinear(x, weight, bias);
}

function trainedLinear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return differentiable<tf.Rank.R2>(inputs, (...given) => {
    const [x, weight, bias] = given as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D?];
    const value = hasKernels() ? product(weight, x, bias) : portable(x, weight, bias);
    return {
      value,
      saved: [x, weight],
      gradients: (dy, saved) => {
        const [x, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
        const fast = hasKernels();
        const dx = fast ? product(transpose(weight), dy) : tf.matMul(weight, dy, true, false);
        const dw = fast ? product(dy, transpose(x)) : tf.matMul(dy, x, false, true);
        return bias ? [dx, dw, sumOverTokens(dy)] : [dx, dw];
      },
    };
  });
}

function frozenLinear(x: tf.Tensor2D, weight: SparseMatrix, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x], (given) => {
    const x = given as tf.Tensor2D;
    return {
      value: frozenProduct(x, weight, bias),
      saved: [],
      gradients: (dy) => {
        if (weight.compressed) return [compressedProduct(weight.transposed, weight.cols, dy)];
        if (weight.dense) return [tokensProduct(dy, weight.dense)];
        return [tf.tidy(() => tf.matMul<tf.Tensor2D>(weight.toDense(), dy, true, false))];
      },
    };
  });
}

function frozenProduct(x: tf.Tensor2D, weight: SparseMatrix, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const { compressed, dense } = weight;
  if (compressed) return compressedProduct(compressed, weight.rows, x, bias);
  // Turned each time: that is a small part of the product's work, and another copy would be kept for good.
  if (dense) return tf.tidy(() => tokensProduct(x, transpose(dense), bias));
  return tf.tidy(() => portable(x, weight.toDense(), bias));
}

function portable(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const y = tf.matMul<tf.Tensor2D>(weight, x);
  return bias ? tf.add(y, tf.reshape(bias, [-1, 1])) : y;
}

/** Σ over tokens of [channels, tokens] → [channels]. */
export function sumOverTokens(dy: tf.Tensor2D): tf.Tensor1D {
  if (!hasKernels()) return tf.sum(dy, 1);
  const [rows, cols] = dy.shape;
  const sums = output<tf.Rank.R1>([rows]);
  call("sumRows", dy, rows, cols, sums);
  return sums;
}
