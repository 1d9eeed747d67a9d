import fc from "fast-check";
import type * as tf from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { rmsNorm } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { expectOperation, type Tolerance } from "../support/operation.ts";
import { Contents, type Plain } from "../support/plain.ts";

const shape = {
  channels: fc.integer({ min: 1, max: 12 }),
  tokens: fc.integer({ min: 1, max: 11 }),
  seed: fc.nat(),
};

test("values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(shape), async ({ channels, tokens, seed }) => {
      const contents = new Contents(seed);
      // Away from 0: the smaller a token, the steeper the slope and the larger the terms that cancel in it.
      const { shape, values } = contents.tensor([channels, tokens], { zeros: 0 });
      const x = { shape, values: values.map((value) => value + Math.sign(value)) };
      await check(x, contents, { value: 1e-6, gradient: 3e-6 });
    }),
    { numRuns: 60 },
  );
});

test("values and gradients where a token is all zero", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...shape, at: fc.nat() }), async ({ channels, tokens, seed, at }) => {
      const contents = new Contents(seed);
      const x = contents.tensor([channels, tokens]);
      for (let c = 0; c < channels; c++) x.values[c * tokens + (at % tokens)] = 0;
      // There the slope is 1/√ε ≈ 2900, and central differences are exact to a few millionths of it.
      await check(x, contents, { value: 1e-6, gradient: 2e-5 });
    }),
    { numRuns: 40 },
  );
});

function check(x: Plain, contents: Contents, tolerance: Tolerance): Promise<void> {
  const [channels, tokens] = x.shape as [number, number];
  return expectOperation(
    {
      inputs: [x, contents.tensor([channels])],
      open: () => ({ run: (x, gain) => rmsNorm(x as tf.Tensor2D, gain as tf.Tensor1D) }),
      twin: (x, gain) => twins.rmsNorm(x, gain!, tokens),
    },
    tolerance,
  );
}
