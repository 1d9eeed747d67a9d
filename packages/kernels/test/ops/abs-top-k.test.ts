import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { absTopK, useBackend } from "../../src/index.ts";
import { absTopKMask } from "../support/float64.ts";
import { BACKENDS, valueAndGradients } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const point = fc.record({
  channels: fc.integer({ min: 2, max: 24 }),
  tokens: fc.integer({ min: 1, max: 21 }),
  share: fc.double({ min: 0, max: 0.99, noNaN: true }),
  tied: fc.boolean(),
  seed: fc.nat(),
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
          { inputs: [x], open: () => ({ run: (x) => absTopK(x as tf.Tensor2D, k) }), twin: (x) => x },
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

function positiveZero(value: number): number {
  return value + 0;
}
