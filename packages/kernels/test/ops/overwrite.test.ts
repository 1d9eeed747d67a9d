import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { overwrite, replaceRows, useBackend } from "../../src/index.ts";
import { BACKENDS, expectOperation } from "../support/operation.ts";
import { Contents } from "../support/plain.ts";

const shape = fc.record({ channels: fc.integer({ min: 1, max: 9 }), tokens: fc.integer({ min: 1, max: 9 }) });

test("overwrite: values and the gradient of x", async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.nat(), fc.integer({ min: 0, max: 9 }), async ({ channels, tokens }, seed, count) => {
      const contents = new Contents(seed);
      const indices = contents.ids(count, channels * tokens);
      const { values } = contents.tensor([count]);
      await expectOperation(
        {
          inputs: [contents.tensor([channels, tokens])],
          open: () => ({ run: (x) => overwrite(x as tf.Tensor2D, indices, values) }),
          twin: (x) => {
            const y = x.slice();
            indices.forEach((index, i) => (y[index] = values[i]!));
            return y;
          },
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("overwrite on %s", (backend) => {
  test("replaces the named entries, the last of each, and leaves the rest and its input to the bit", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(shape, fc.array(fc.tuple(fc.nat(), fc.float({ noNaN: true })), { maxLength: 20 }), (size, writes) => {
        const count = size.channels * size.tokens;
        const before = Float32Array.from({ length: count }, (_, i) => i + 0.1);
        const expected = before.slice();
        const indices = Int32Array.from(writes, ([index]) => index % count);
        const values = Float32Array.from(writes, ([, value]) => value);
        indices.forEach((index, i) => (expected[index] = values[i]!));
        const held = tf.memory().numTensors;
        const x = tf.tensor2d(before, [size.channels, size.tokens]);
        const y = overwrite(x, indices, values);
        expect(y.dataSync()).toEqual(expected);
        expect(x.dataSync()).toEqual(before);
        tf.dispose([x, y]);
        expect(tf.memory().numTensors).toBe(held);
      }),
      { numRuns: 60 },
    );
  });

  test("whole rows are replaced, and the rest and its input stay to the bit", async () => {
    await useBackend(backend);
    const held = tf.memory().numTensors;
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const values = tf.tensor2d([7, 8, 9, 10], [2, 2]);
    const y = replaceRows(x, Int32Array.of(2, 0), values);
    expect(y.arraySync()).toEqual([
      [9, 10],
      [3, 4],
      [7, 8],
    ]);
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(() => replaceRows(x, Int32Array.of(3), values)).toThrow(/row 3 lies outside/);
    tf.dispose([x, y, values]);
    expect(tf.memory().numTensors).toBe(held);
  });

  test("refuses what lies outside, and counts that differ", async () => {
    await useBackend(backend);
    const x = tf.zeros<tf.Rank.R2>([2, 3]);
    expect(() => overwrite(x, Int32Array.of(6), Float32Array.of(1))).toThrow(/index 6 lies outside/);
    expect(() => overwrite(x, Int32Array.of(-1), Float32Array.of(1))).toThrow(RangeError);
    expect(() => overwrite(x, Int32Array.of(1, 2), Float32Array.of(1))).toThrow(/2 indices and 1 values/);
    x.dispose();
  });
});
