import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { useBackend } from "@filigree/core";
import { NonzeroWeights } from "../src/nonzero-weights.ts";

const SHAPE = { name: "w", role: "block", rows: 4, cols: 5, neurons: undefined } as const;

/** Weights at some places: the weight at place p is p + 1 in size, its moments 100 and 200 times that. */
function weightsAt(places: readonly number[], sign: (place: number) => number = () => 1): NonzeroWeights {
  const weights = Float32Array.from(places, (place) => sign(place) * (place + 1));
  return new NonzeroWeights(SHAPE, {
    indices: Int32Array.from(places),
    weights,
    m: weights.map((w) => 100 * w),
    v: weights.map((w) => 200 * Math.abs(w)),
  });
}

const places = fc.uniqueArray(fc.nat(19), { maxLength: 20 }).map((list) => list.sort((a, b) => a - b));

beforeAll(() => useBackend("wasm"));

describe("what a sparsifier does to stored weights", () => {
  test("keepOnly keeps values and moments of what was stored, and starts the rest at 0", () => {
    fc.assert(
      fc.property(places, places, (before, after) => {
        const matrix = weightsAt(before);
        matrix.keepOnly(Int32Array.from(after).reverse());
        const { indices, weights, m, v } = matrix.snapshot();
        expect([...indices]).toEqual(after);
        const size = (place: number) => (before.includes(place) ? place + 1 : 0);
        expect([...weights]).toEqual(after.map(size));
        expect([...m]).toEqual(after.map((place) => 100 * size(place)));
        expect([...v]).toEqual(after.map((place) => 200 * size(place)));
        expect(matrix.nonzeros).toBe(after.length);
      }),
    );
  });

  test("dropSmallest drops by magnitude, and of equal ones those of higher index", () => {
    const matrix = weightsAt([1, 4, 7, 12], (place) => (place % 2 ? -1 : 1));
    matrix.dropSmallest(2);
    expect([...matrix.indices()]).toEqual([7, 12]);
    matrix.setValues(Float32Array.of(1, -1));
    matrix.dropSmallest(1);
    expect([...matrix.indices()]).toEqual([7]);
    matrix.dropSmallest(5);
    expect(matrix.nonzeros).toBe(0);
  });

  test("grow adds weights of 0, or of given values, without moments", () => {
    const matrix = weightsAt([3, 9]);
    matrix.grow(Int32Array.of(15, 0));
    matrix.grow(Int32Array.of(7, 5), Float32Array.of(0.5, -2));
    expect([...matrix.indices()]).toEqual([0, 3, 5, 7, 9, 15]);
    expect([...matrix.values()]).toEqual([0, 4, -2, 0.5, 10, 0]);
    expect([...matrix.snapshot().m]).toEqual([0, 400, 0, 0, 1000, 0]);
  });

  test("growLargestGradients takes the largest of what is not stored, ties to the lower index", () => {
    const matrix = weightsAt([2, 3]);
    expect(() => matrix.growLargestGradients(1)).toThrow(/No gradient/);
    const slopes = new Float32Array(20);
    slopes.set([0, 1, 100, 100, -5, 1, 3]);
    const gradient = tf.tensor(slopes, [4, 5], "float32");
    matrix.showGradient(gradient);
    matrix.growLargestGradients(3);
    expect([...matrix.indices()]).toEqual([1, 2, 3, 4, 6]);
    matrix.showGradient(undefined);
    expect(() => matrix.growLargestGradients(1)).toThrow(/No gradient/);
    gradient.dispose();
  });

  test("refuses places outside the matrix or stored already, and values that do not fit", () => {
    const matrix = weightsAt([3, 9]);
    for (const wrong of [[20], [-1], [9], [4, 4]]) {
      expect(() => matrix.grow(Int32Array.from(wrong))).toThrow(/of w is not in the matrix, or is stored already/);
    }
    expect(() => matrix.setValues(Float32Array.of(1))).toThrow(/1 values for the 2 stored weights/);
    expect(() => matrix.grow(Int32Array.of(1, 2), Float32Array.of(1))).toThrow(/1 values for the 2 weights that w/);
    expect([...matrix.indices()]).toEqual([3, 9]);
  });
});

test("goes to the backend and back to the bit, is changed there in place, and leaves nothing behind", () => {
  const before = tf.memory().numTensors;
  const matrix = weightsAt([1, 4, 7, 12]);
  expect(() => matrix.matrix).toThrow(/not on the backend/);
  const stored = matrix.snapshot();
  matrix.settle();
  expect(matrix.snapshot()).toEqual(stored);
  expect(matrix.matrix.pattern.size).toBe(4);
  const settled = tf.memory().numTensors;
  matrix.grow(Int32Array.of(0));
  matrix.settle();
  expect([...matrix.slot.weights.dataSync()]).toEqual([0, 2, 5, 8, 13]);
  expect(tf.memory().numTensors).toBe(settled);
  matrix.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
