import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layerNorm, normaliseBy, normScales, rmsNorm, useBackend } from "../../src/index.ts";
import { BACKENDS, expectClose } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const shape = fc.record({
  channels: fc.integer({ min: 1, max: 12 }),
  tokens: fc.integer({ min: 1, max: 11 }),
  seed: fc.nat(),
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("a norm by its own scales is the norm, to the bit, and no tensor stays", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(shape, ({ channels, tokens, seed }) => {
        const contents = new Contents(seed);
        const inputs = [[channels, tokens], [channels], [channels]].map((size) => toTensor(contents.tensor(size)));
        const [x, gain, bias] = inputs as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
        const tensors = tf.memory().numTensors;
        const results = [
          [rmsNorm(x, gain), normScales("rms", x)] as const,
          [layerNorm(x, gain, bias), normScales("layer", x)] as const,
        ];
        const [rms, layer] = results;
        const [rmsHeld, layerHeld] = [
          normaliseBy("rms", x, rms![1], gain),
          normaliseBy("layer", x, layer![1], gain, bias),
        ];
        expect(rmsHeld.dataSync()).toEqual(rms![0].dataSync());
        expect(layerHeld.dataSync()).toEqual(layer![0].dataSync());
        tf.dispose([rmsHeld, layerHeld, ...results.flat()]);
        expect(tf.memory().numTensors).toBe(tensors);
        tf.dispose(inputs);
      }),
      { numRuns: 60 },
    );
  });

  test("a norm by the scales of another input is the formula in double precision", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(shape, fc.constantFrom("rms", "layer"), ({ channels, tokens, seed }, norm) => {
        const contents = new Contents(seed);
        const [x, other] = [contents.tensor([channels, tokens]), contents.tensor([channels, tokens])];
        const gain = contents.tensor([channels]);
        const column = ({ values }: typeof x, t: number) =>
          Array.from({ length: channels }, (_, c) => values[c * tokens + t]!);
        const mean = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / channels;
        const centre = (numbers: readonly number[]) =>
          norm === "rms" ? numbers : numbers.map((value) => value - mean(numbers));
        const epsilon = norm === "rms" ? 2 ** -23 : 1e-5;
        const expected = new Float64Array(channels * tokens);
        for (let t = 0; t < tokens; t++) {
          const scale = 1 / Math.sqrt(mean(centre(column(other, t)).map((value) => value ** 2)) + epsilon);
          centre(column(x, t)).forEach((value, c) => (expected[c * tokens + t] = value * scale * gain.values[c]!));
        }
        tf.tidy(() => {
          const scales = normScales(norm, toTensor(other) as tf.Tensor2D);
          const found = normaliseBy(norm, toTensor(x) as tf.Tensor2D, scales, toTensor(gain) as tf.Tensor1D);
          expectClose(found.dataSync<"float32">(), expected, 2e-6, norm);
        });
      }),
      { numRuns: 60 },
    );
  });
});
