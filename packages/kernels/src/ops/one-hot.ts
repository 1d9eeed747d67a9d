import * as tf from "@tensorflow/tfjs-core";

/** 1 at each index, 0 elsewhere: [..., depth] in float32. tfjs's own refuses a depth of 1. Portable backend only. */
export function oneHot(indices: tf.Tensor, depth: number): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(indices, -1), tf.range(0, depth, 1, "int32")), "float32");
}
