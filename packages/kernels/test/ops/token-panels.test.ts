import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { absTopK, add, gelu, inTokenPanels, useBackend } from "../../src/index.ts";
import { BACKENDS } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

describe.each(BACKENDS)("on %s", (backend) => {
  test("panels give what all tokens at once give, to the bit", async () => {
    await useBackend(backend);
    const shape = fc.record({
      channels: fc.integer({ min: 1, max: 9 }),
      tokens: fc.integer({ min: 1, max: 80 }),
      width: fc.integer({ min: 1, max: 40 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ channels, tokens, width, seed }) => {
        const contents = new Contents(seed);
        const before = tf.memory().numTensors;
        const [a, b] = [0, 1].map(() => toTensor(contents.tensor([channels, tokens])) as tf.Tensor2D);
        const f = ([a, b]: tf.Tensor2D[]) => [gelu(add(a!, b!)), absTopK(a!, Math.ceil(channels / 2))];
        const [whole, panels] = [tf.tidy(() => f([a!, b!])), tf.tidy(() => inTokenPanels([a!, b!], width, f))];
        panels.forEach((panel, i) => {
          expect(panel.shape).toEqual(whole[i]!.shape);
          expect(panel.dataSync()).toEqual(whole[i]!.dataSync());
        });
        tf.dispose([a, b, whole, panels]);
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 60 },
    );
  });
});
