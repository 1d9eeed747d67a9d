import * as tf from "@tensorflow/tfjs-core";
import { SparseMatrix, transpose } from "../sparse-matrix.ts";
import type { PatternedMatrix } from "../sparsity-pattern.ts";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { patternedGradients, patternedProduct } from "./patterned.ts";
import { compressedProduct, isSparse, product, tokensProduct } from "./product.ts";

/**
 * y = W · x + b.
 *
 * @param x [in, tokens]
 * @param weight [out, in]; a SparseMatrix is frozen: no gradient with respect to it is ever computed; a PatternedMatrix
 *   has one with respect to its values, and its cost follows their number
 * @param bias [out]
 * @returns [out, tokens]
 */
export function linear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D | SparseMatrix | PatternedMatrix,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  if (weight instanceof SparseMatrix) return frozenLinear(x, weight, bias);
  return "pattern" in weight ? patternedLinear(x, weight, bias) : trainedLinear(x, weight, bias);
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
        const dx = hasKernels() ? product(transpose(weight), dy) : tf.matMul(weight, dy, true, false);
        return [dx, ...weightGradients(x, dy, bias !== undefined)];
      },
    };
  });
}

/** Gradients of the weight and, if wanted, of the bias. */
function weightGradients(x: tf.Tensor2D, dy: tf.Tensor2D, withBias: boolean): tf.Tensor[] {
  const sums = () => (withBias ? [sumOverTokens(dy)] : []);
  if (!hasKernels()) return [tf.matMul(dy, x, false, true), ...sums()];
  if (isSparse(dy)) return overNonzeros(dy, x, withBias);
  if (isSparse(x)) return [transpose(overNonzeros(x, dy, false)[0] as tf.Tensor2D), ...sums()];
  return [tf.matMul(dy, transpose(x)), ...sums()];
}

/** a · bᵀ over the nonzeros of a [rows, tokens], and if wanted the sums of a's rows. */
function overNonzeros(a: tf.Tensor2D, b: tf.Tensor2D, withSums: boolean): tf.Tensor[] {
  const [rows, tokens] = a.shape;
  const [inner] = b.shape;
  const scratch = output<tf.Rank.R1>([call("weightGradScratch", rows)]);
  const products = output<tf.Rank.R2>([rows, inner]);
  const sums = withSums ? output<tf.Rank.R1>([rows]) : undefined;
  call("weightGrad", b, a, inner, rows, tokens, scratch, products, sums);
  scratch.dispose();
  return sums ? [products, sums] : [products];
}

function patternedLinear(x: tf.Tensor2D, weight: PatternedMatrix, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const { pattern } = weight;
  const inputs = bias ? [x, weight.values, bias] : [x, weight.values];
  return differentiable<tf.Rank.R2>(inputs, (...given) => {
    const [x, values, bias] = given as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D?];
    return {
      value: patternedProduct(x, { pattern, values }, bias),
      saved: [x, values],
      gradients: (dy, saved) => {
        const [x, values] = saved as [tf.Tensor2D, tf.Tensor1D];
        const [dx, dw] = patternedGradients(dy, x, { pattern, values });
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
