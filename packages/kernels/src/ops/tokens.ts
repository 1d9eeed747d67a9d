import * as tf from "@tensorflow/tfjs-core";
import type { SparseMatrix } from "../sparse-matrix.ts";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { oneHot } from "./one-hot.ts";

/**
 * Looks up one row of a table for each token.
 *
 * @param table [vocabulary, channels]
 * @param ids int32 [tokens], each below the vocabulary's size
 * @returns [channels, tokens]
 */
export function embed(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  const [vocabulary, channels] = table.shape;
  const tokens = ids.size;
  return differentiable<tf.Rank.R2>([table], (table) => {
    if (!hasKernels()) {
      return {
        value: tf.transpose(tf.gather(table as tf.Tensor2D, ids)),
        saved: [ids],
        gradients: (dy, [ids]) => [tf.matMul(oneHot(ids!, vocabulary), dy, true, true)],
      };
    }
    const value = output<tf.Rank.R2>([channels, tokens]);
    call("embed", table!, ids, channels, tokens, value);
    return {
      value,
      saved: [ids],
      gradients: (dy, [ids]) => {
        const dtable = tf.zeros<tf.Rank.R2>([vocabulary, channels]);
        call("embedGrad", ids!, dy, channels, tokens, dtable);
        return [dtable];
      },
    };
  });
}

/**
 * Adds to each token's logits the row of a fixed table that belongs to the token: the bigram table.
 *
 * @param logits [outputs, tokens]
 * @param table [vocabulary, outputs]; no gradient with respect to it
 * @param ids int32 [tokens]
 */
export function addTableRows(logits: tf.Tensor2D, table: SparseMatrix, ids: tf.Tensor1D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([logits], (given) => {
    const logits = given as tf.Tensor2D;
    const gradients = (dy: tf.Tensor2D) => [tf.clone(dy)];
    if (!hasKernels()) {
      const rows = tf.transpose(tf.gather(table.toDense(), ids));
      return { value: tf.add(logits, rows), saved: [], gradients };
    }
    const [outputs, tokens] = logits.shape;
    const value = output<tf.Rank.R2>([outputs, tokens]);
    call("copyValues", logits, 0, logits.size, value, 0);
    if (table.dense) {
      call("addDenseRows", table.dense, ids, outputs, tokens, value);
      return { value, saved: [], gradients };
    }
    const { rowStarts, columns, values } = table.compressed!;
    const cursors = output<tf.Rank.R1>([16], "int32");
    call("addTableRows", rowStarts, columns, values, ids, outputs, tokens, cursors, value);
    cursors.dispose();
    return { value, saved: [], gradients };
  });
}

/**
 * −log softmax at the target, for each token. Natural logarithm.
 *
 * @param logits [outputs, tokens]
 * @param targets int32 [tokens]
 * @returns [tokens]
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [outputs, tokens] = logits.shape;
  return differentiable<tf.Rank.R1>([logits], (given) => {
    const logits = given as tf.Tensor2D;
    if (!hasKernels()) {
      const right = tf.transpose(oneHot(targets, outputs)) as tf.Tensor2D;
      // Not a product: a logit of −∞ away from the target would give NaN.
      const atTarget = tf.sum(tf.where(tf.cast(right, "bool"), logits, 0), 0);
      return {
        value: tf.sub(tf.logSumExp(logits, 0), atTarget) as tf.Tensor1D,
        saved: [logits, right],
        gradients: (dloss, [logits, right]) => {
          const shares = tf.transpose(tf.softmax(tf.transpose(logits!)));
          return [tf.mul(tf.sub(shares, right!), dloss)];
        },
      };
    }
    const value = output<tf.Rank.R1>([tokens]);
    const logSum = output<tf.Rank.R1>([tokens]);
    call("crossEntropy", logits, targets, outputs, tokens, value, logSum);
    return {
      value,
      saved: [logits, logSum, targets],
      gradients: (dloss, [logits, logSum, targets]) => {
        const dlogits = output<tf.Rank.R2>([outputs, tokens]);
        call("crossEntropyGrad", logits!, targets!, logSum!, dloss, outputs, tokens, dlogits);
        return [dlogits];
      },
    };
  });
}
