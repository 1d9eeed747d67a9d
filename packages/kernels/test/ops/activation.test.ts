import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { gelu, relu, useBackend } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectOperation, valueAndGradients } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const shape = fc.record({
  channels: fc.integer({ min: 1, max: 5 }),
  tokens: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat(),
});

test("gelu: values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(shape, fc.constantFrom(1, 8), async ({ channels, tokens, seed }, size) => {
      await expectOperation(
        {
          inputs: [new Contents(seed).tensor([channels, tokens], { size })],
          open: () => ({ run: (x) => gelu(x as tf.Tensor2D) }),
          twin: twins.gelu,
        },
        { value: 1e-6, gradient: 2e-6 },
      );
    }),
    { numRuns: 60 },
  );
});

test("relu: values and gradients away from 0", async () => {
  await fc.assert(
    fc.asyncProperty(shape, async ({ channels, tokens, seed }) => {
      await expectOperation(
        {
          inputs: [new Contents(seed).tensor([channels, tokens], { zeros: 0 })],
          open: () => ({ run: (x) => relu(x as tf.Tensor2D) }),
          twin: (x) => x.map((value) => Math.max(value, 0)),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("gelu of large numbers is x or 0", async () => {
    await useBackend(backend);
    const x = toTensor({ shape: [1, 6], values: Float32Array.of(-1e30, -100, -20, 20, 100, 1e30) }) as tf.Tensor2D;
    const y = tf.tidy(() => gelu(x).dataSync());
    x.dispose();
    expect(Array.from(y, (value) => value + 0)).toEqual([0, 0, 0, 20, 100, Math.fround(1e30)]);
  });

  test("relu and its gradient are exact, and its gradient at 0 is 0", async () => {
    await useBackend(backend);
    const values = Float32Array.of(-1, -1e-30, -0, 0, 1e-30, 2.5, 7);
    const { value, gradients } = valueAndGradients(
      {
        inputs: [{ shape: [7, 1], values }],
        open: () => ({ run: (x) => relu(x as tf.Tensor2D) }),
      },
      { shape: [7, 1], values: Float32Array.of(1, 2, 3, 4, 5, 6, 7) },
    );
    expect(Array.from(value.values, (one) => one + 0)).toEqual([0, 0, 0, 0, Math.fround(1e-30), 2.5, 7]);
    expect([...gradients[0]!.values]).toEqual([0, 0, 0, 0, 5, 6, 7]);
  });
});
