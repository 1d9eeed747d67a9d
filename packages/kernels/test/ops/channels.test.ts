import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { add, addToChannels, concatChannels, gateChannels, gatherTokens, useBackend } from "../../src/index.ts";
import { BACKENDS, expectOperation } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

const point = fc.record({
  channels: fc.integer({ min: 1, max: 7 }),
  tokens: fc.integer({ min: 1, max: 13 }),
  seed: fc.nat(),
});
const TOLERANCE = { value: 1e-6, gradient: 1e-6 };

test("add: values and gradients, one tensor given twice too", async () => {
  await fc.assert(
    fc.asyncProperty(point, async ({ channels, tokens, seed }) => {
      const contents = new Contents(seed);
      const a = contents.tensor([channels, tokens]);
      await expectOperation(
        {
          inputs: [a, contents.tensor([channels, tokens])],
          open: () => ({ run: (a, b) => add(a as tf.Tensor2D, b as tf.Tensor2D) }),
          twin: (a, b) => a.map((value, i) => value + b![i]!),
        },
        TOLERANCE,
      );
      await expectOperation(
        {
          inputs: [a],
          open: () => ({ run: (a) => add(a as tf.Tensor2D, a as tf.Tensor2D) }),
          twin: (a) => a.map((value) => 2 * value),
        },
        TOLERANCE,
      );
    }),
    { numRuns: 30 },
  );
});

test("addToChannels: values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(point, async ({ channels, tokens, seed }) => {
      const contents = new Contents(seed);
      await expectOperation(
        {
          inputs: [contents.tensor([channels, tokens]), contents.tensor([channels])],
          open: () => ({ run: (x, bias) => addToChannels(x as tf.Tensor2D, bias as tf.Tensor1D) }),
          twin: (x, bias) => x.map((value, i) => value + bias![Math.floor(i / tokens)]!),
        },
        TOLERANCE,
      );
    }),
    { numRuns: 40 },
  );
});

test("concatChannels: values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(point, fc.integer({ min: 1, max: 5 }), async ({ channels, tokens, seed }, further) => {
      const contents = new Contents(seed);
      await expectOperation(
        {
          inputs: [contents.tensor([channels, tokens]), contents.tensor([further, tokens])],
          open: () => ({ run: (a, b) => concatChannels(a as tf.Tensor2D, b as tf.Tensor2D) }),
          twin: (a, b) => Float64Array.of(...a, ...b!),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

test("gatherTokens: values and gradient, columns repeated, left out and out of order", async () => {
  await fc.assert(
    fc.asyncProperty(point, fc.integer({ min: 1, max: 15 }), async ({ channels, tokens, seed }, count) => {
      const contents = new Contents(seed);
      const columns = contents.ids(count, tokens);
      await expectOperation(
        {
          inputs: [contents.tensor([channels, tokens])],
          open: () => ({ run: (x) => gatherTokens(x as tf.Tensor2D, columns) }),
          twin: (x) =>
            Float64Array.from({ length: channels * count }, (_, i) => {
              return x[Math.floor(i / count) * tokens + columns[i % count]!]!;
            }),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

test("gateChannels: values, and the gradients of x and of the gate", async () => {
  await fc.assert(
    fc.asyncProperty(point, fc.boolean(), async ({ channels, tokens, seed }, everyToken) => {
      const contents = new Contents(seed);
      // One fill a channel, or one a channel and token.
      const fill = contents.tensor(everyToken ? [channels, tokens] : [channels]);
      await expectOperation(
        {
          inputs: [contents.tensor([channels, tokens]), contents.tensor([channels], { size: 1 })],
          open: () => {
            const fillTensor = tf.keep(toTensor(fill)) as tf.Tensor1D | tf.Tensor2D;
            return {
              run: (x, gate) => gateChannels(x as tf.Tensor2D, gate as tf.Tensor1D, fillTensor),
              close: () => fillTensor.dispose(),
            };
          },
          twin: (x, gate) =>
            x.map((value, i) => {
              const g = gate![Math.floor(i / tokens)]!;
              return g * value + (1 - g) * fill.values[everyToken ? i : Math.floor(i / tokens)]!;
            }),
        },
        TOLERANCE,
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("an open gate shows x and a shut one its fill, to the bit", async () => {
    await useBackend(backend);
    fc.assert(
      // Where fill and x differ in size, fill + (x − fill) rounds to something else than x.
      fc.property(
        point,
        fc.constantFrom(1e-3, 1, 1e5),
        fc.boolean(),
        ({ channels, tokens, seed }, size, everyToken) => {
          const contents = new Contents(seed);
          const x = contents.tensor([channels, tokens], { size: 1 });
          x.values.forEach((_, i) => {
            const special = [-0, Infinity, -Infinity, NaN][contents.index(12)];
            if (special !== undefined) x.values[i] = special;
          });
          const fill = contents.tensor(everyToken ? [channels, tokens] : [channels], { size, zeros: 0 });
          if (contents.index(3) === 0) fill.values[0] = -0;
          const gate = Float32Array.from({ length: channels }, () => contents.index(2));
          const y = tf.tidy(() =>
            gateChannels(
              toTensor(x) as tf.Tensor2D,
              tf.tensor1d(gate),
              toTensor(fill) as tf.Tensor1D | tf.Tensor2D,
            ).dataSync(),
          );
          const expected = x.values.map((value, i) => {
            const c = Math.floor(i / tokens);
            return gate[c] === 1 ? value : fill.values[everyToken ? i : c]!;
          });
          expect(y).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });
});
