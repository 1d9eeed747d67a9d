import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** The values of logits, which are disposed. */
export function take(logits: tf.Tensor2D): Float32Array {
  const values = logits.dataSync<"float32">().slice();
  logits.dispose();
  return values;
}

/** The largest difference, relative to the largest value. */
export function difference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  const scale = b.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0) / scale;
}

/** Fails where a run leaves a tensor beside its logits. */
export function expectOnlyLogits(run: () => tf.Tensor2D): void {
  run().dispose(); // what the model keeps for itself, it keeps from its first run on
  const before = tf.memory().numTensors;
  const logits = run();
  expect(tf.memory().numTensors).toBe(before + 1);
  logits.dispose();
}
