import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { denseRows, keepLargest, linear, SparseMatrix, sparseRows, useBackend } from "../src/index.ts";
import { BACKENDS } from "./support/operation.ts";
import { Contents, toTensor } from "./support/plain.ts";

const point = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  cols: fc.integer({ min: 1, max: 13 }),
  zeros: fc.constantFrom(0, 0.5, 0.95, 1),
  seed: fc.nat(),
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("counts the nonzeros and gives the dense matrix back", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, ({ rows, cols, zeros, seed }) => {
        const before = tf.memory().numTensors;
        const plain = new Contents(seed).tensor([rows, cols], { zeros });
        const dense = toTensor(plain) as tf.Tensor2D;
        const matrix = SparseMatrix.fromDense(dense);
        dense.dispose();
        expect([matrix.rows, matrix.cols]).toEqual([rows, cols]);
        expect(matrix.nonzeros).toBe(plain.values.filter((value) => value !== 0).length);
        const back = matrix.toDense();
        expect(back.dataSync()).toEqual(plain.values);
        back.dispose();
        matrix.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
    );
  });

  test("keeps its values when the tensor that it was made from is changed in place", async () => {
    await useBackend(backend);
    const slot = { weights: tf.tensor2d([1, 2, 3, 4], [2, 2]) as tf.Tensor };
    const matrix = SparseMatrix.fromDense(slot.weights as tf.Tensor2D);
    keepLargest(slot, 1);
    const back = matrix.toDense();
    expect([...back.dataSync()]).toEqual([1, 2, 3, 4]);
    tf.dispose([slot.weights, back]);
    matrix.dispose();
  });

  test("is the same made from its nonzeros, and gives them back", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, ({ rows, cols, zeros, seed }) => {
        const before = tf.memory().numTensors;
        const values = new Contents(seed).tensor([rows, cols], { zeros }).values as Float32Array;
        const nonzeros = sparseRows(values, rows, cols);
        expect(denseRows(nonzeros)).toEqual(values);
        const matrix = SparseMatrix.fromCompressed(nonzeros);
        expect(matrix.nonzeros).toBe(nonzeros.values.length);
        expect(matrix.toCompressed()).toEqual(nonzeros);
        const x = toTensor(new Contents(seed + 1).tensor([cols, 3])) as tf.Tensor2D;
        const [dense, whole] = [matrix.toDense(), tf.tensor2d(values, [rows, cols])];
        const reference = SparseMatrix.fromDense(whole);
        const [left, right] = [linear(x, matrix), linear(x, reference)];
        expect(left.dataSync()).toEqual(right.dataSync());
        expect(dense.dataSync()).toEqual(values);
        tf.dispose([x, dense, whole, left, right]);
        for (const made of [matrix, reference]) made.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }),
    );
  });

  test("outlives the scope that it was made in", async () => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    let matrix: SparseMatrix | undefined;
    tf.tidy(() => {
      matrix = SparseMatrix.fromDense(tf.tensor2d([[1, 0, -2]]));
    });
    const back = matrix!.toDense();
    expect([...back.dataSync()]).toEqual([1, 0, -2]);
    back.dispose();
    matrix!.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
