import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import {
  attentionScratch,
  fromHeads,
  laterKeys,
  portableScoreGradients,
  portableWeights,
  toHeads,
  type AttentionShape,
} from "./attention.ts";
import { differentiable } from "./custom-gradient.ts";

// Attention in two steps, with its pattern as a value between them that may be looked at or changed.

/**
 * What each query gives to each key. The sink is not a row, so that a column sums to 1 − sink within each head.
 *
 * @param q,k [heads · dHead, batch · seq]
 * @param sinks [heads]
 * @returns [heads · seq (key), batch · seq (query)]
 */
export function attentionPattern(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  shape: AttentionShape,
  sinks?: tf.Tensor1D,
): tf.Tensor2D {
  const { heads, dHead, batch, seq, causal } = shape;
  const size: [number, number] = [heads * seq, batch * seq];
  return differentiable<tf.Rank.R2>(sinks ? [q, k, sinks] : [q, k], (...given) => {
    const [q, k, sinks] = given as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D?];
    if (!hasKernels()) return portablePattern(q, k, shape, sinks);
    const value = output<tf.Rank.R2>(size);
    const scratch = attentionScratch(shape);
    call("attentionPattern", q, k, sinks, heads, dHead, batch, seq, Number(causal), scratch, value);
    scratch.dispose();
    return {
      value,
      saved: sinks ? [q, k, value, sinks] : [q, k, value],
      gradients: (dpattern, [q, k, pattern, sinks]) => {
        const row = output<tf.Rank.R1>([seq]);
        const dq = output<tf.Rank.R2>([heads * dHead, batch * seq]);
        const dk = tf.zeros<tf.Rank.R2>([heads * dHead, batch * seq]);
        const ds = sinks && output<tf.Rank.R1>([heads]);
        const sizes = [heads, dHead, batch, seq, Number(causal)] as const;
        call("attentionPatternGrad", q!, k!, sinks, pattern!, dpattern, ...sizes, row, dq, dk, ds);
        return ds ? [dq, dk, ds] : [dq, dk];
      },
    };
  });
}

/**
 * Attention with a given pattern: y = Σ over keys of pattern · v. With the pattern of {@link attentionPattern} the
 * wasm version equals {@link attention} to the bit. A causal shape ignores what a pattern gives to later keys.
 *
 * @param pattern [heads · seq (key), batch · seq (query)]
 * @param v [heads · dHead, batch · seq]
 * @returns [heads · dHead, batch · seq]
 */
export function attendWith(pattern: tf.Tensor2D, v: tf.Tensor2D, shape: AttentionShape): tf.Tensor2D {
  const { heads, dHead, batch, seq, causal } = shape;
  const sizes = [heads, dHead, batch, seq, Number(causal)] as const;
  return differentiable<tf.Rank.R2>([pattern, v], (...given) => {
    const [pattern, v] = given as [tf.Tensor2D, tf.Tensor2D];
    if (!hasKernels()) return portableAttendWith(pattern, v, shape);
    const value = output<tf.Rank.R2>([heads * dHead, batch * seq]);
    const scratch = attentionScratch(shape);
    call("attendWith", pattern, v, ...sizes, scratch, value);
    scratch.dispose();
    return {
      value,
      saved: [pattern, v],
      gradients: (dy, [pattern, v]) => {
        const dpattern = tf.zeros<tf.Rank.R2>([heads * seq, batch * seq]);
        const dv = tf.zeros<tf.Rank.R2>([heads * dHead, batch * seq]);
        call("attendWithGrad", pattern!, v!, dy, ...sizes, dpattern, dv);
        return [dpattern, dv];
      },
    };
  });
}

/** [heads · seq (key), batch · seq (query)] → [batch, heads, query, key] */
function toWeights(pattern: tf.Tensor, { heads, batch, seq }: AttentionShape): tf.Tensor4D {
  return tf.transpose(tf.reshape(pattern, [heads, seq, batch, seq]), [2, 0, 3, 1]) as tf.Tensor4D;
}

/** [batch, heads, query, key] → [heads · seq (key), batch · seq (query)] */
function fromWeights(weights: tf.Tensor, { heads, batch, seq }: AttentionShape): tf.Tensor2D {
  return tf.reshape(tf.transpose(weights, [1, 3, 0, 2]), [heads * seq, batch * seq]);
}

function portablePattern(q: tf.Tensor2D, k: tf.Tensor2D, shape: AttentionShape, sinks: tf.Tensor1D | undefined) {
  const { weights, sinkWeights } = portableWeights(q, k, shape, sinks);
  return {
    value: fromWeights(weights, shape),
    saved: [q, k, weights, sinkWeights],
    gradients: (dpattern: tf.Tensor2D, [q, k, weights, sinkWeights]: tf.Tensor[]) => {
      const dWeights = toWeights(dpattern, shape);
      const [dq, dk, ds] = portableScoreGradients(q!, k!, weights!, sinkWeights!, dWeights, shape);
      return sinks ? [dq, dk, ds] : [dq, dk];
    },
  };
}

function portableAttendWith(pattern: tf.Tensor2D, v: tf.Tensor2D, shape: AttentionShape) {
  const seenOf = (weights: tf.Tensor) => (shape.causal ? tf.where(laterKeys(shape.seq), 0, weights) : weights);
  const seen = seenOf(toWeights(pattern, shape));
  return {
    value: fromHeads(tf.matMul(seen, toHeads(v, shape)), shape),
    saved: [seen, v],
    gradients: (dy: tf.Tensor2D, [seen, v]: tf.Tensor[]) => {
      const dyHeads = toHeads(dy, shape);
      const dSeen = tf.matMul(dyHeads, toHeads(v!, shape), false, true);
      return [fromWeights(seenOf(dSeen), shape), fromHeads(tf.matMul(seen!, dyHeads, true, false), shape)];
    },
  };
}
