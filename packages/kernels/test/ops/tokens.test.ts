import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { addTableRows, crossEntropy, embed, SparseMatrix, useBackend } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectOperation } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const point = fc.record({
  vocabulary: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 7 }),
  tokens: fc.integer({ min: 1, max: 13 }),
  seed: fc.nat(),
});

test("embed: values and the gradient of the table, ids repeated", async () => {
  await fc.assert(
    fc.asyncProperty(point, async ({ vocabulary, channels, tokens, seed }) => {
      const contents = new Contents(seed);
      const ids = contents.ids(tokens, vocabulary);
      await expectOperation(
        {
          inputs: [contents.tensor([vocabulary, channels])],
          // The ids are gone before the gradient is computed, as they are in a model's forward pass.
          open: () => ({ run: (table) => tf.tidy(() => embed(table as tf.Tensor2D, tf.tensor1d(ids, "int32"))) }),
          twin: (table) =>
            Float64Array.from({ length: channels * tokens }, (_, i) => {
              return table[ids[i % tokens]! * channels + Math.floor(i / tokens)]!;
            }),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 60 },
  );
});

test("addTableRows: values and the gradient of the logits", async () => {
  await fc.assert(
    fc.asyncProperty(point, async ({ vocabulary, channels: outputs, tokens, seed }) => {
      const contents = new Contents(seed);
      const ids = contents.ids(tokens, vocabulary);
      const table = contents.tensor([vocabulary, outputs], { zeros: 0.6 });
      await expectOperation(
        {
          inputs: [contents.tensor([outputs, tokens])],
          open: () => {
            const dense = toTensor(table) as tf.Tensor2D;
            const sparse = SparseMatrix.fromDense(dense);
            dense.dispose();
            return {
              run: (logits) => tf.tidy(() => addTableRows(logits as tf.Tensor2D, sparse, tf.tensor1d(ids, "int32"))),
              close: () => sparse.dispose(),
            };
          },
          twin: (logits) =>
            logits.map((value, i) => value + table.values[ids[i % tokens]! * outputs + Math.floor(i / tokens)]!),
        },
        { value: 1e-6, gradient: 1e-6 },
      );
    }),
    { numRuns: 60 },
  );
});

test("crossEntropy: values and the gradient of the logits", async () => {
  await fc.assert(
    fc.asyncProperty(point, fc.constantFrom(1, 10), async ({ channels: outputs, tokens, seed }, size) => {
      const contents = new Contents(seed);
      const targets = contents.ids(tokens, outputs);
      await expectOperation(
        {
          inputs: [contents.tensor([outputs, tokens], { size })],
          open: () => ({
            run: (logits) => tf.tidy(() => crossEntropy(logits as tf.Tensor2D, tf.tensor1d(targets, "int32"))),
          }),
          twin: (logits) => twins.crossEntropy(logits, targets),
        },
        { value: 1e-6, gradient: 2e-6 },
      );
    }),
    { numRuns: 60 },
  );
});

describe.each(BACKENDS)("crossEntropy on %s", (backend) => {
  const losses = (columns: number[][], targets: number[]) =>
    tf.tidy(() => {
      const logits = tf.transpose(tf.tensor2d(columns));
      return [...crossEntropy(logits as tf.Tensor2D, tf.tensor1d(targets, "int32")).dataSync()];
    });

  test("of extreme logits is finite, and exact where it is", async () => {
    await useBackend(backend);
    const columns = [
      [1e30, 0, -1e30],
      [1e30, 0, -1e30],
      [1e4, 1e4, -1e4],
      [-1e30, -1e30, -1e30],
      [0, 200, 0],
    ];
    const [sure, wrong, tied, low, far] = losses(columns, [0, 2, 1, 0, 0]) as [number, number, number, number, number];
    expect(sure).toBe(0);
    expect(wrong).toBe(Math.fround(2e30));
    expect(tied).toBeCloseTo(Math.LN2, 3); // 10,000 in float32 is exact to a thousandth
    expect(low).toBe(0); // ln 3 vanishes beside 10³⁰
    expect(far).toBe(200);
  });

  test("passes over outputs of −∞ and does not hide NaN", async () => {
    await useBackend(backend);
    const [barred, unknown] = losses(
      [
        [0, -Infinity, 0],
        [0, NaN, 0],
      ],
      [0, 0],
    ) as [number, number];
    expect(barred).toBeCloseTo(Math.LN2, 6);
    expect(unknown).toBeNaN();
  });
});
