import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { linear, SparseMatrix, useBackend } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { expectOperation, expectSameOnBackends } from "../support/operation.ts";
import { Contents, toPlain, toTensor } from "../support/plain.ts";

const shapes = {
  out: fc.integer({ min: 1, max: 7 }),
  inner: fc.integer({ min: 1, max: 9 }),
  tokens: fc.integer({ min: 1, max: 41 }),
  bias: fc.boolean(),
  seed: fc.nat(),
};
const share = fc.constantFrom(0, 0.3, 0.7, 0.95, 1);
const TOLERANCE = { value: 1e-6, gradient: 2e-6 };

test("a trained weight: values and gradients, dense and sparse factors alike", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ ...shapes, zerosOfWeight: share, zerosOfX: share }),
      async ({ out, inner, tokens, bias, seed, zerosOfWeight, zerosOfX }) => {
        const contents = new Contents(seed);
        const x = contents.tensor([inner, tokens], { zeros: zerosOfX });
        const weight = contents.tensor([out, inner], { zeros: zerosOfWeight });
        await expectOperation(
          {
            inputs: bias ? [x, weight, contents.tensor([out])] : [x, weight],
            open: () => ({ run: (x, weight, b) => linear(x as tf.Tensor2D, weight as tf.Tensor2D, b as tf.Tensor1D) }),
            twin: (x, weight, b) => twins.linear(x, weight!, b, out, tokens),
          },
          TOLERANCE,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a trained weight: gradients over several panels of tokens and channels, whichever factor is sparse", async () => {
  const large = fc.record({
    out: fc.integer({ min: 1, max: 70 }),
    inner: fc.integer({ min: 1, max: 70 }),
    tokens: fc.constantFrom(1, 31, 128, 129, 300),
    bias: fc.boolean(),
    seed: fc.nat(),
  });
  const zeros = fc.constantFrom(0, 0.75, 1);
  await fc.assert(
    fc.asyncProperty(
      large,
      zeros,
      zeros,
      zeros,
      async ({ out, inner, tokens, bias, seed }, zerosOfWeight, zerosOfX, zerosOfSlope) => {
        const contents = new Contents(seed);
        const x = contents.tensor([inner, tokens], { zeros: zerosOfX, size: 1 });
        const weight = contents.tensor([out, inner], { zeros: zerosOfWeight, size: 1 });
        await expectSameOnBackends(
          {
            inputs: bias ? [x, weight, contents.tensor([out])] : [x, weight],
            open: () => ({
              run: (x, weight, b) => linear(x as tf.Tensor2D, weight as tf.Tensor2D, b as tf.Tensor1D),
            }),
          },
          contents.tensor([out, tokens], { zeros: zerosOfSlope, size: 1 }),
          { value: 1e-6, gradient: 1e-6 },
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a frozen weight: values and the gradient of x", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...shapes, zeros: share }), async ({ out, inner, tokens, bias, seed, zeros }) => {
      const contents = new Contents(seed);
      const weight = contents.tensor([out, inner], { zeros });
      const b = contents.tensor([out]);
      await expectOperation(
        {
          inputs: [contents.tensor([inner, tokens])],
          open: () => {
            const dense = toTensor(weight) as tf.Tensor2D;
            const matrix = SparseMatrix.fromDense(dense);
            dense.dispose();
            const biasTensor = bias ? (tf.keep(toTensor(b)) as tf.Tensor1D) : undefined;
            return {
              run: (x) => linear(x as tf.Tensor2D, matrix, biasTensor),
              close: () => {
                matrix.dispose();
                biasTensor?.dispose();
              },
            };
          },
          twin: (x) => twins.linear(x, weight.values, bias ? b.values : undefined, out, tokens),
        },
        TOLERANCE,
      );
    }),
    { numRuns: 40 },
  );
});

test("a column of a frozen product depends on no other column, to the bit", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(
      fc.record({
        out: fc.integer({ min: 1, max: 24 }),
        inner: fc.integer({ min: 1, max: 40 }),
        // From 128 on, rows that are read often are packed.
        tokens: fc.integer({ min: 1, max: 170 }),
        zeros: fc.constantFrom(0, 0.6, 0.95),
        seed: fc.nat(),
      }),
      fc.integer({ min: 1, max: 170 }),
      ({ out, inner, tokens, zeros, seed }, columns) => {
        tf.tidy(() => {
          const contents = new Contents(seed);
          const matrix = SparseMatrix.fromDense(toTensor(contents.tensor([out, inner], { zeros })) as tf.Tensor2D);
          const bias = toTensor(contents.tensor([out])) as tf.Tensor1D;
          const x = contents.tensor([inner, tokens]);
          const chosen = contents.ids(columns, tokens);
          const part = {
            shape: [inner, columns],
            values: Float32Array.from({ length: inner * columns }, (_, i) => {
              return x.values[Math.floor(i / columns) * tokens + chosen[i % columns]!]!;
            }),
          };
          const whole = toPlain(linear(toTensor(x) as tf.Tensor2D, matrix, bias)).values;
          const some = toPlain(linear(toTensor(part) as tf.Tensor2D, matrix, bias)).values;
          matrix.dispose();
          const expected = some.map((_, i) => whole[Math.floor(i / columns) * tokens + chosen[i % columns]!]!);
          expect(new Uint32Array(some.buffer)).toEqual(new Uint32Array(expected.buffer));
        });
      },
    ),
    { numRuns: 150 },
  );
});
