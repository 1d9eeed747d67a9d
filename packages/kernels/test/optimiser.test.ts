import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  adamStep,
  keepLargest,
  keepLargestOfLines,
  sumOfSquares,
  useBackend,
  type AdamSettings,
} from "../src/index.ts";
import { BACKENDS, expectClose } from "./support/operation.ts";
import { Contents, toTensor } from "./support/plain.ts";

const size = fc.integer({ min: 1, max: 40 });

describe.each(BACKENDS)("on %s", (backend) => {
  test("keepLargest keeps the k largest, ties to the lower index, and counts what is not zero", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(size, fc.integer({ min: 0, max: 45 }), fc.boolean(), fc.nat(), (n, k, tied, seed) => {
        const contents = new Contents(seed);
        const { values } = tied ? contents.tied([n]) : contents.tensor([n]);
        const order = [...values.keys()].sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b);
        const kept = new Set(order.slice(0, k));
        const expected = [...values].map((value, i) => (kept.has(i) ? value + 0 : 0));
        const before = tf.memory().numTensors;
        const slot = { weights: toTensor({ shape: [n], values }) };
        expect(keepLargest(slot, k)).toBe(expected.filter((value) => value !== 0).length);
        expect(Array.from(slot.weights.dataSync(), (value) => value + 0)).toEqual(expected);
        slot.weights.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 200 },
    );
  });

  test("keepLargest leaves a matrix a matrix", async () => {
    await useBackend(backend);
    const slot = { weights: tf.tensor2d([1, -3, 2, 0], [2, 2]) as tf.Tensor };
    expect(keepLargest(slot, 2)).toBe(2);
    expect(slot.weights.arraySync()).toEqual([
      [0, -3],
      [2, 0],
    ]);
    slot.weights.dispose();
  });

  test("keepLargestOfLines keeps the largest of every line first, ties to the lower index", async () => {
    await useBackend(backend);
    const small = fc.integer({ min: 1, max: 9 });
    const lines = fc.constantFrom("rows" as const, "columns" as const);
    fc.assert(
      fc.property(small, small, lines, fc.nat({ max: 4 }), fc.nat({ max: 85 }), fc.boolean(), fc.nat(), (...drawn) => {
        const [rows, cols, along, least, k, tied, seed] = drawn;
        const contents = new Contents(seed);
        const { values } = tied ? contents.tied([rows, cols]) : contents.tensor([rows, cols]);
        const lineOf = (i: number) => (along === "rows" ? Math.floor(i / cols) : i % cols);
        const larger = (i: number, j: number) => {
          const [a, b] = [Math.abs(values[i]!), Math.abs(values[j]!)];
          return a > b || (a === b && i < j);
        };
        const indices = [...values.keys()].filter((i) => values[i] !== 0);
        const first = indices.filter(
          (i) => indices.filter((j) => lineOf(j) === lineOf(i) && larger(j, i)).length < least,
        );
        const others = indices.filter((i) => !first.includes(i));
        const left = k - first.length;
        const kept = new Set([...first, ...others.filter((i) => others.filter((j) => larger(j, i)).length < left)]);
        const before = tf.memory().numTensors;
        const slot = { weights: toTensor({ shape: [rows, cols], values }) };
        expect(keepLargestOfLines(slot, k, { least, lines: along })).toBe(kept.size);
        const expected = [...values].map((value, i) => (kept.has(i) ? value : 0));
        expect(Array.from(slot.weights.dataSync(), (value) => value + 0)).toEqual(expected);
        expect(slot.weights.shape).toEqual([rows, cols]);
        slot.weights.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 200 },
    );
  });

  test("sumOfSquares sums in double precision", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(size, fc.nat(), (n, seed) => {
        const plain = new Contents(seed).tensor([n]);
        const expected = plain.values.reduce((sum, value) => sum + value * value, 0);
        const x = toTensor(plain);
        expect(sumOfSquares(x)).toBeCloseTo(expected, 10);
        x.dispose();
      }),
    );
    // In float32 the small ones would vanish beside the large one.
    const x = tf.tensor1d(Float32Array.from({ length: 1001 }, (_, i) => (i === 0 ? 4096 : 2 ** -6)));
    expect(sumOfSquares(x)).toBe(2 ** 24 + 1000 * 2 ** -12);
    x.dispose();
  });

  test("adamStep follows the published update over several steps", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(size, fc.nat(), (n, seed) => {
        const contents = new Contents(seed);
        const settings = { rate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-7, gradientScale: 0.5 };
        const before = tf.memory().numTensors;
        const start = contents.tensor([n]);
        const zeros = { shape: [n], values: new Float32Array(n) };
        const slot = { weights: toTensor(start), m: toTensor(zeros), v: toTensor(zeros) };
        const twin = { weights: [...start.values], m: [...zeros.values], v: [...zeros.values] };
        for (let step = 1; step <= 3; step++) {
          const gradient = contents.tensor([n]);
          const tensor = toTensor(gradient);
          adamStep(slot, tensor, { ...settings, step });
          tensor.dispose();
          adamInDoublePrecision(twin, gradient.values, { ...settings, step });
        }
        for (const part of ["weights", "m", "v"] as const) {
          expectClose(slot[part].dataSync(), twin[part], 2e-6, part);
        }
        tf.dispose([slot.weights, slot.m, slot.v]);
        expect(tf.memory().numTensors).toBe(before);
      }),
    );
  });
});

function adamInDoublePrecision(
  slot: Record<"weights" | "m" | "v", number[]>,
  gradient: Float32Array,
  { rate, beta1, beta2, epsilon, gradientScale, step }: AdamSettings,
): void {
  for (const [i, raw] of gradient.entries()) {
    const g = raw * gradientScale;
    slot.m[i] = beta1 * slot.m[i]! + (1 - beta1) * g;
    slot.v[i] = beta2 * slot.v[i]! + (1 - beta2) * g * g;
    const mHat = slot.m[i]! / (1 - beta1 ** step);
    const vHat = slot.v[i]! / (1 - beta2 ** step);
    slot.weights[i]! -= (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  }
}
