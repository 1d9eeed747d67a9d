import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { layerNorm, useBackend } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectClose, expectOperation, type Tolerance } from "../support/operation.ts";
import { Contents, toTensor, type Plain } from "../support/plain.ts";

const shape = {
  channels: fc.integer({ min: 1, max: 12 }),
  tokens: fc.integer({ min: 1, max: 11 }),
  bias: fc.boolean(),
  seed: fc.nat(),
};

test("values and gradients, with and without a bias", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record(shape), async ({ channels, tokens, bias, seed }) => {
      const contents = new Contents(seed);
      await check(varied(contents, channels, tokens), bias, contents, { value: 2e-6, gradient: 5e-6 });
    }),
    { numRuns: 60 },
  );
});

test("values and gradients where a token is all zero, or one number throughout", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ ...shape, at: fc.nat(), level: fc.constantFrom(0, 1) }),
      async ({ channels, tokens, bias, seed, at, level }) => {
        const contents = new Contents(seed);
        const x = varied(contents, channels, tokens);
        for (let c = 0; c < channels; c++) x.values[c * tokens + (at % tokens)] = level;
        // There the slope is 1/√ε ≈ 316.
        await check(x, bias, contents, { value: 2e-6, gradient: 2e-5 });
      },
    ),
    { numRuns: 40 },
  );
});

/** Channels apart from each other: the less a token varies, the larger the terms that cancel in what comes out. */
function varied(contents: Contents, channels: number, tokens: number): Plain {
  const { shape, values } = contents.tensor([channels, tokens], { zeros: 0, size: 1 });
  return { shape, values: values.map((value, i) => value + 3 * (Math.floor(i / tokens) % 2)) };
}

function check(x: Plain, bias: boolean, contents: Contents, tolerance: Tolerance): Promise<void> {
  const [channels, tokens] = x.shape as [number, number];
  const gain = contents.tensor([channels]);
  return expectOperation(
    {
      inputs: bias ? [x, gain, contents.tensor([channels])] : [x, gain],
      open: () => ({
        run: (x, gain, bias) => layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D | undefined),
      }),
      twin: (x, gain, bias) => twins.layerNorm(x, gain!, bias, tokens),
    },
    tolerance,
  );
}

describe.each(BACKENDS)("on %s", (backend) => {
  test("a mean far from zero does not drown the variance", async () => {
    await useBackend(backend);
    const contents = new Contents(1);
    const [channels, tokens] = [9, 6];
    const x = contents.tensor([channels, tokens], { zeros: 0 });
    // Eighths are exact beside 2000, where the squares' difference would not be.
    const values = x.values.map((value) => 2000 + Math.round(8 * value) / 8);
    const gain = new Float32Array(channels).fill(1);
    const y = tf.tidy(() => layerNorm(toTensor({ ...x, values }) as tf.Tensor2D, tf.tensor1d(gain)).dataSync());
    expectClose(y, twins.layerNorm(values, gain, undefined, tokens), 2e-4, "far from zero");
  });
});

test("a token's values depend on no other token, to the bit", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(fc.record(shape), fc.nat(), ({ channels, tokens, seed }, at) => {
      const contents = new Contents(seed);
      const x = contents.tensor([channels, tokens]);
      const gain = contents.tensor([channels]);
      const norm = (plain: Plain) =>
        tf.tidy(() => layerNorm(toTensor(plain) as tf.Tensor2D, toTensor(gain) as tf.Tensor1D).dataSync<"float32">());
      const token = at % tokens;
      const column = (values: Float32Array) => values.filter((_, i) => i % tokens === token);
      const alone = norm({ shape: [channels, 1], values: column(x.values) }).slice();
      expect(new Uint32Array(column(norm(x)).buffer)).toEqual(new Uint32Array(alone.buffer));
    }),
    { numRuns: 100 },
  );
});
