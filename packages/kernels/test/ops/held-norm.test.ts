import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layerNorm, normaliseBy, normScales, rmsNorm, useBackend } from "../../src/index.ts";
import { BACKENDS, expectClose, expectOperation } from "../support/operation.ts";
import { Contents, toTensor, type Plain } from "../support/plain.ts";

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
        const expected = heldNorm(norm, x.values, other.values, gain.values, undefined);
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

test("gradients of x, gain and bias, with the scales of another input", async () => {
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.constantFrom("rms", "layer"),
      fc.boolean(),
      async ({ channels, tokens, seed }, norm, withBias) => {
        const contents = new Contents(seed);
        const [x, gain, bias] = [[channels, tokens], [channels], [channels]].map((size) => contents.tensor(size)) as [
          Plain,
          Plain,
          Plain,
        ];
        // Channels apart from each other: a token of equal channels has a scale of 1/√ε.
        const { values, shape } = contents.tensor([channels, tokens], { zeros: 0 });
        const other = { shape, values: values.map((value, i) => value + 1 + (Math.floor(i / tokens) % 2)) };
        await expectOperation(
          {
            inputs: withBias ? [x, gain, bias] : [x, gain],
            open: () => {
              const scales = tf.tidy(() => normScales(norm, toTensor(other) as tf.Tensor2D));
              return {
                run: (x, gain, bias) =>
                  normaliseBy(norm, x as tf.Tensor2D, scales, gain as tf.Tensor1D, bias as tf.Tensor1D | undefined),
                close: () => scales.dispose(),
              };
            },
            twin: (x, gain, bias) => heldNorm(norm, x, other.values, gain!, bias),
          },
          { value: 2e-6, gradient: 5e-6 },
        );
      },
    ),
    { numRuns: 60 },
  );
});

/** In double precision: the norm of x by the scales of another input, both [channels, tokens]. */
function heldNorm(
  norm: "rms" | "layer",
  x: ArrayLike<number>,
  other: ArrayLike<number>,
  gain: ArrayLike<number>,
  bias: ArrayLike<number> | undefined,
): Float64Array {
  const channels = gain.length;
  const tokens = x.length / channels;
  const column = (values: ArrayLike<number>, t: number) =>
    Array.from({ length: channels }, (_, c) => values[c * tokens + t]!);
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0) / channels;
  const centre = (numbers: readonly number[]) =>
    norm === "rms" ? numbers : numbers.map((value) => value - mean(numbers));
  const epsilon = norm === "rms" ? 2 ** -23 : 1e-5;
  const held = new Float64Array(x.length);
  for (let t = 0; t < tokens; t++) {
    const scale = 1 / Math.sqrt(mean(centre(column(other, t)).map((value) => value ** 2)) + epsilon);
    centre(column(x, t)).forEach((value, c) => {
      held[c * tokens + t] = value * scale * gain[c]! + (bias?.[c] ?? 0);
    });
  }
  return held;
}
