import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels } from "./wasm/module.ts";

// In-place steps over parameters. They work on plain arrays, so that an optimiser's state is data, and on the wasm
// backend on tensors, without copying.

/** Settings of one Adam step. `step` counts from 1. */
export interface AdamSettings {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly step: number;
  /** Factor on the gradient: normalising or clipping. */
  readonly gradientScale: number;
}

/** One parameter as the optimiser holds it: weights and moments, all of one size. */
export interface Slot {
  weights: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

/** One step of Adam (Kingma & Ba 2015, algorithm 1) on one parameter. Replaces or overwrites the slot's tensors. */
export function adamStep(slot: Slot, gradient: tf.Tensor, settings: AdamSettings): void {
  const { rate, beta1, beta2, epsilon, step, gradientScale } = settings;
  const correction1 = 1 / (1 - beta1 ** step);
  const correction2 = 1 / (1 - beta2 ** step);
  if (hasKernels()) {
    const numbers = [gradientScale, rate, beta1, beta2, epsilon, correction1, correction2];
    call("adamStep", slot.weights, gradient, slot.m, slot.v, slot.weights.size, ...numbers);
    return;
  }
  const next = tf.tidy(() => {
    const g = tf.mul(gradient, gradientScale);
    const m = tf.add(tf.mul(slot.m, beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(slot.v, beta2), tf.mul(tf.square(g), 1 - beta2));
    const down = tf.div(tf.mul(m, rate * correction1), tf.add(tf.sqrt(tf.mul(v, correction2)), epsilon));
    return { weights: tf.sub(slot.weights, down), m, v };
  });
  replace(slot, next);
}

/**
 * Zeroes all but the k weights of largest magnitude; ties go to the lower index. Returns how many stayed, which is
 * less than k where fewer are not zero.
 */
export function keepLargest(slot: { weights: tf.Tensor }, k: number): number {
  const { weights } = slot;
  if (hasKernels()) return call("keepLargest", weights, weights.size, k);
  const data = weights.dataSync<"float32">().slice();
  const order = Array.from(data.keys()).sort((a, b) => Math.abs(data[b]!) - Math.abs(data[a]!) || a - b);
  for (const i of order.slice(k)) data[i] = 0;
  slot.weights = tf.tensor(data, weights.shape);
  weights.dispose();
  return data.reduce((n, w) => n + (w === 0 ? 0 : 1), 0);
}

/** Σ x² in double precision. */
export function sumOfSquares(x: tf.Tensor): number {
  if (hasKernels()) return call("sumOfSquares", x, x.size);
  return x.dataSync<"float32">().reduce((sum, v) => sum + v * v, 0);
}

function replace(slot: Slot, next: Slot): void {
  tf.dispose([slot.weights, slot.m, slot.v]);
  Object.assign(slot, next);
}
