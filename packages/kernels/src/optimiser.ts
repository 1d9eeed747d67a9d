import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "./wasm/module.ts";

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
  return keepOnly(slot, byMagnitude(weights.dataSync<"float32">()).slice(0, k));
}

/**
 * Zeroes all but k weights of a matrix: the `least` largest of every row, or of every column, and then the largest of
 * the others. Ties go to the lower index. Returns how many stayed: where `least` of every line are more than k, those.
 */
export function keepLargestOfLines(
  slot: { weights: tf.Tensor },
  k: number,
  { least, lines }: { readonly least: number; readonly lines: "rows" | "columns" },
): number {
  const { weights } = slot;
  const [rows, cols] = weights.shape as [number, number];
  if (hasKernels()) {
    const scratch = output([rows + 2, cols]);
    const kept = call("keepLargestOfLines", weights, scratch, rows, cols, lines === "rows" ? 1 : 0, least, k);
    scratch.dispose();
    return kept;
  }
  const data = weights.dataSync<"float32">();
  const taken = new Int32Array(lines === "rows" ? rows : cols);
  const order = byMagnitude(data).filter((i) => data[i] !== 0);
  const isFirst = order.map((i) => taken[lines === "rows" ? Math.floor(i / cols) : i % cols]!++ < least);
  const first = order.filter((_, place) => isFirst[place]);
  const others = order.filter((_, place) => !isFirst[place]);
  return keepOnly(slot, [...first, ...others.slice(0, Math.max(0, k - first.length))]);
}

/** Indices in order of falling magnitude, equal ones ascending. */
function byMagnitude(data: Float32Array): number[] {
  return Array.from(data.keys()).sort((a, b) => Math.abs(data[b]!) - Math.abs(data[a]!) || a - b);
}

function keepOnly(slot: { weights: tf.Tensor }, indices: readonly number[]): number {
  const { weights } = slot;
  const data = weights.dataSync<"float32">();
  const kept = new Float32Array(data.length);
  for (const i of indices) kept[i] = data[i]!;
  slot.weights = tf.tensor(kept, weights.shape);
  weights.dispose();
  return kept.reduce((n, w) => n + (w === 0 ? 0 : 1), 0);
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
