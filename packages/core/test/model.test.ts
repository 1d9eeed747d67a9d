import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { disposeModel, forward, runModel, useBackend, type Model } from "../src/index.ts";
import { bits, randomBatch, tinyModel } from "./support/tiny-model.ts";

/** So wide that a pass takes at most 64 tokens at a time. */
const WIDE = { dMlp: 4096 };

function logitsOf(model: Model, run: () => tf.Tensor2D): Float32Array {
  const logits = run();
  const values = logits.dataSync<"float32">().slice();
  logits.dispose();
  expect(logits.shape[0]).toBe(model.config.outSize);
  return values;
}

describe("on wasm", () => {
  test("a batch run a few sequences at a time gives what one pass gives, to the bit", async () => {
    await useBackend("wasm");
    const model = tinyModel(0, WIDE);
    const { config, parameters } = model;
    const size = fc.record({
      seed: fc.nat(),
      batch: fc.integer({ min: 1, max: 7 }),
      seq: fc.integer({ min: 1, max: 17 }),
    });
    const readouts = fc.option(fc.array(fc.nat(), { minLength: 1, maxLength: 9 }), { nil: undefined });
    fc.assert(
      fc.property(size, readouts, fc.boolean(), ({ seed, batch, seq }, columns, ascending) => {
        const tokens = randomBatch(config, batch, seq, seed);
        const wanted = columns && Int32Array.from(columns, (column) => column % (batch * seq));
        const options = wanted ? { readout: ascending ? wanted.sort() : wanted } : {};
        const whole = logitsOf(model, () => tf.tidy(() => forward(config, parameters, tokens, options)));
        const before = tf.memory().numTensors;
        expect(bits(logitsOf(model, () => runModel(model, tokens, options)))).toEqual(bits(whole));
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 40 },
    );
    disposeModel(model);
  });

  test("a column or a token that is not there is refused, however the batch is run", async () => {
    await useBackend("wasm");
    const model = tinyModel(0, WIDE);
    const tokens = randomBatch(model.config, 6, 16, 0);
    expect(() => runModel(model, tokens, { readout: Int32Array.of(3, 96) })).toThrow(/readout column 96/u);
    const ids = tokens.ids.slice().fill(model.config.vocabSize, 95);
    expect(() => runModel(model, { ...tokens, ids })).toThrow(RangeError);
    disposeModel(model);
  });
});
