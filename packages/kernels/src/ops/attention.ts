import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";

/** How a [heads · dHead, batch · seq] tensor divides, and who may look at whom. */
export interface AttentionShape {
  readonly heads: number;
  readonly dHead: number;
  readonly batch: number;
  readonly seq: number;
  readonly causal: boolean;
}

/**
 * y = softmax(qᵀk / √dHead) · v within each head and sequence. A sink adds exp(sink) to its head's denominator and
 * no value: the weights of a query then sum to less than one.
 *
 * @param q,k,v [heads · dHead, batch · seq]
 * @param sinks [heads]
 * @returns [heads · dHead, batch · seq]
 */
export function attention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  shape: AttentionShape,
  sinks?: tf.Tensor1D,
): tf.Tensor2D {
  if (!hasKernels()) return portableAttention(q, k, v, shape, sinks);
  const { heads, dHead, batch, seq, causal } = shape;
  const size: [number, number] = [heads * dHead, batch * seq];
  return differentiable<tf.Rank.R2>(sinks ? [q, k, v, sinks] : [q, k, v], (q, k, v, sinks) => {
    const value = output<tf.Rank.R2>(size);
    const scratch = attentionScratch(shape);
    const softmaxes = output<tf.Rank.R1>([call("attentionSoftmaxes", heads, batch, seq)]);
    call("attention", q!, k!, v!, sinks, heads, dHead, batch, seq, Number(causal), scratch, value, softmaxes);
    scratch.dispose();
    return {
      value,
      saved: sinks ? [q!, k!, v!, softmaxes, sinks] : [q!, k!, v!, softmaxes],
      gradients: (dy, [q, k, v, softmaxes, sinks]) => {
        const scratch = output<tf.Rank.R1>([call("attentionGradScratch", dHead, seq)]);
        const [dq, dk, dv] = [output<tf.Rank.R2>(size), output<tf.Rank.R2>(size), output<tf.Rank.R2>(size)];
        const ds = sinks && output<tf.Rank.R1>([heads]);
        const shape = [heads, dHead, batch, seq, Number(causal)] as const;
        call("attentionGrad", q!, k!, v!, sinks, softmaxes, dy, ...shape, scratch, dq, dk, dv, ds);
        scratch.dispose();
        return ds ? [dq, dk, dv, ds] : [dq, dk, dv];
      },
    };
  });
}

/** Room for one head and sequence at work; the caller disposes it. */
export function attentionScratch({ dHead, seq }: AttentionShape): tf.Tensor1D {
  return output<tf.Rank.R1>([call("attentionScratch", dHead, seq)]);
}

/** [heads · dHead, batch · seq] → [batch, heads, seq, dHead] */
export function toHeads(x: tf.Tensor, { heads, dHead, batch, seq }: AttentionShape): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [heads, dHead, batch, seq]), [2, 0, 3, 1]) as tf.Tensor4D;
}

/** [batch, heads, seq, dHead] → [heads · dHead, batch · seq] */
export function fromHeads(x: tf.Tensor, { heads, dHead, batch, seq }: AttentionShape): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [1, 3, 0, 2]), [heads * dHead, batch * seq]);
}

/** Attention weights [batch, heads, query, key] and what the sink takes of each query. */
export function portableWeights(q: tf.Tensor, k: tf.Tensor, shape: AttentionShape, sinks: tf.Tensor | undefined) {
  const { heads, dHead, batch, seq, causal } = shape;
  const scores = tf.mul(tf.matMul(toHeads(q, shape), toHeads(k, shape), false, true), 1 / Math.sqrt(dHead));
  const sink = tf.mul(tf.ones([batch, heads, seq, 1]), sinks ? tf.reshape(sinks, [1, heads, 1, 1]) : -1e30);
  const all = tf.softmax(tf.concat([sink, causal ? tf.where(laterKeys(seq), -1e30, scores) : scores], 3));
  const weights = tf.slice(all, [0, 0, 0, 1], [batch, heads, seq, seq]) as tf.Tensor4D;
  return { weights, sinkWeights: tf.slice(all, [0, 0, 0, 0], [batch, heads, seq, 1]) };
}

/** bool [query, key]: true where the key comes after the query. */
export function laterKeys(seq: number): tf.Tensor2D {
  const positions = tf.range(0, seq, 1, "int32");
  return tf.greater(tf.reshape(positions, [1, seq]), tf.reshape(positions, [seq, 1]));
}

function portableAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  shape: AttentionShape,
  sinks: tf.Tensor1D | undefined,
): tf.Tensor2D {
  return differentiable<tf.Rank.R2>(sinks ? [q, k, v, sinks] : [q, k, v], (q, k, v, sinks) => {
    const { weights, sinkWeights } = portableWeights(q!, k!, shape, sinks);
    return {
      value: fromHeads(tf.matMul(weights, toHeads(v!, shape)), shape),
      saved: [q!, k!, v!, weights, sinkWeights],
      gradients: (dy, [q, k, v, weights, sinkWeights]) => {
        const dyHeads = toHeads(dy, shape);
        const dWeights = tf.matMul(dyHeads, toHeads(v!, shape), false, true);
        const dv = fromHeads(tf.matMul(weights!, dyHeads, true, false), shape);
        const [dq, dk, ds] = portableScoreGradients(q!, k!, weights!, sinkWeights!, dWeights, shape);
        return sinks ? [dq, dk, dv, ds] : [dq, dk, dv];
      },
    };
  });
}

/** Gradients of q, k and sinks from that of the weights [batch, heads, query, key]. */
export function portableScoreGradients(
  q: tf.Tensor,
  k: tf.Tensor,
  weights: tf.Tensor,
  sinkWeights: tf.Tensor,
  dWeights: tf.Tensor,
  shape: AttentionShape,
): [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D] {
  const mean = tf.sum(tf.mul(weights, dWeights), 3, true);
  const dScores = tf.mul(tf.mul(weights, tf.sub(dWeights, mean)), 1 / Math.sqrt(shape.dHead));
  return [
    fromHeads(tf.matMul(dScores, toHeads(k, shape)), shape),
    fromHeads(tf.matMul(dScores, toHeads(q, shape), true, false), shape),
    tf.neg(tf.sum(tf.mul(sinkWeights, mean), [0, 2, 3])),
  ];
}
