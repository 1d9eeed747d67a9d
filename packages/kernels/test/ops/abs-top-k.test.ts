import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { absTopK, absTopKOfParts, concatChannels, useBackend } from "../../src/index.ts";
import { absTopKMask } from "../support/float64.ts";
import { BACKENDS, expectOperation, valueAndGradients } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const point = fc.record({
  channels: fc.integer({ min: 2, max: 24 }),
  tokens: fc.integer({ min: 1, max: 21 }),
  share: fc.double({ min: 0, max: 0.99, noNaN: true }),
  tied: fc.boolean(),
  seed: fc.nat(),
});

test("values and gradients where nothing ties", async () => {
  await fc.assert(
    fc.asyncProperty(point, async ({ channels, tokens, share, seed }) => {
      const k = Math.floor(share * channels);
      // Magnitudes a thousandth apart and none 0: a step of a central difference then selects no other channel.
      const contents = new Contents(seed);
      const values = Float32Array.from({ length: channels * tokens }, (_, i) => 1 + i / 1000);
      for (let i = values.length - 1; i > 0; i--) {
        const j = contents.index(i + 1);
        [values[i], values[j]] = [values[j]!, values[i]!];
      }
      const x = { shape: [channels, tokens], values: values.map((value) => (contents.index(2) ? value : -value)) };
      await expectOperation(
        {
          inputs: [x],
          open: () => ({ run: (x) => absTopK(x as tf.Tensor2D, k) }),
          twin: (x) => absTopKMask(x, channels, tokens, k).map((selected, i) => selected * x[i]!),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("keeps exactly the k of largest magnitude, ties to the lower channel, and so does the gradient", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, ({ channels, tokens, share, tied, seed }) => {
        const k = Math.max(1, Math.floor(share * channels));
        const contents = new Contents(seed);
        const shape = [channels, tokens];
        const x = tied ? contents.tied(shape) : contents.tensor(shape, { zeros: 0.5 });
        const dy = contents.tensor(shape, { zeros: 0 });
        const mask = absTopKMask(x.values, channels, tokens, k);
        const { value, gradients } = valueAndGradients(
          { inputs: [x], open: () => ({ run: (x) => absTopK(x as tf.Tensor2D, k) }) },
          dy,
        );
        expect([...value.values].map(positiveZero)).toEqual([...x.values].map((v, i) => positiveZero(v * mask[i]!)));
        // Zeros are selected too, as far as k reaches, and the gradient passes through them.
        expect([...gradients[0]!.values].map(positiveZero)).toEqual(
          [...dy.values].map((v, i) => positiveZero(v * mask[i]!)),
        );
      }),
      { numRuns: backend === "wasm" ? 300 : 60 },
    );
  });

  test("parts of the channels are selected apart, and so are their gradients", async () => {
    await useBackend(backend);
    const ks = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(point, ks, fc.nat(), ({ tokens, tied, seed }, ks, height) => {
        const channels = 1 + (height % 8);
        const contents = new Contents(seed);
        const shape = [ks.length * channels, tokens];
        const x = tied ? contents.tied(shape) : contents.tensor(shape);
        const dy = contents.tensor(shape, { zeros: 0 });
        const mask = ks.flatMap((k, part) => {
          const own = x.values.slice(part * channels * tokens, (part + 1) * channels * tokens);
          return [...absTopKMask(own, channels, tokens, k)];
        });
        const joined = (x: tf.Tensor) => absTopKOfParts(x as tf.Tensor2D, ks).reduce((a, b) => concatChannels(a, b));
        const { value, gradients } = valueAndGradients(
          { inputs: [x], open: () => ({ run: (x) => tf.tidy(() => joined(x)) }) },
          dy,
        );
        for (const [{ values }, given] of [[value, x] as const, [gradients[0]!, dy] as const]) {
          expect([...values].map(positiveZero)).toEqual([...given.values].map((v, i) => positiveZero(v * mask[i]!)));
        }
      }),
      { numRuns: backend === "wasm" ? 200 : 40 },
    );
  });

  test("a part that nothing depends on has no gradient", async () => {
    await useBackend(backend);
    tf.tidy(() => {
      const x = tf.tensor2d([3, -4, 5, 6], [4, 1]);
      const gradient = tf.grad((x) => absTopKOfParts(x as tf.Tensor2D, [1, 1])[1]!)(x, tf.tensor2d([7, 8], [2, 1]));
      expect([...gradient.dataSync()].map(positiveZero)).toEqual([0, 0, 0, 8]);
    });
  });

  test("keeps nothing for k = 0 and everything for k ≥ channels", async () => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const x = toTensor(new Contents(1).tensor([6, 5], { zeros: 0 })) as tf.Tensor2D;
      expect([...absTopK(x, 0).dataSync()].every((value) => value === 0)).toBe(true);
      expect([...absTopK(tf.tensor2d([[3, -4]]), 0).dataSync()].map(positiveZero)).toEqual([0, 0]);
      expect(absTopK(x, 6).dataSync()).toEqual(x.dataSync());
      expect(absTopK(x, 7).dataSync()).toEqual(x.dataSync());
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("searches many channels over several tiles: clusters, tiny magnitudes, columns of zeros", async () => {
  await useBackend("wasm");
  const wide = fc.record({
    channels: fc.integer({ min: 20, max: 400 }),
    tokens: fc.integer({ min: 1, max: 70 }),
    share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    kind: fc.constantFrom("normal", "many zeros", "tiny", "clustered", "far apart", "zeros and a few tiny"),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(wide, ({ channels, tokens, share, kind, seed }) => {
      const contents = new Contents(seed);
      const value = {
        normal: () => contents.uniform() - contents.uniform(),
        "many zeros": () => (contents.uniform() < 0.9 ? 0 : contents.uniform()),
        tiny: () => 1e-41 * contents.uniform(),
        clustered: () => 1 + 1e-6 * contents.index(9),
        "far apart": () => Math.exp(80 * (contents.uniform() - 0.5)),
        "zeros and a few tiny": () => (contents.uniform() < 0.8 ? 0 : 1e-43 * contents.index(90)),
      }[kind];
      const k = Math.max(1, Math.floor(share * channels));
      const x = { shape: [channels, tokens], values: Float32Array.from({ length: channels * tokens }, value) };
      const dy = contents.tensor(x.shape, { zeros: 0 });
      const mask = absTopKMask(x.values, channels, tokens, k);
      const { value: y, gradients } = valueAndGradients(
        { inputs: [x], open: () => ({ run: (x) => absTopK(x as tf.Tensor2D, k) }) },
        dy,
      );
      const expected = [x, dy].map(({ values }) => values.map((v, i) => positiveZero(v * mask[i]!)));
      expect(y.values.map(positiveZero)).toEqual(expected[0]);
      expect(gradients[0]!.values.map(positiveZero)).toEqual(expected[1]);
    }),
    { numRuns: 80 },
  );
});

function positiveZero(value: number): number {
  return value + 0;
}
