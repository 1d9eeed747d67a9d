import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { denseMatrix, linear, SparsityPattern, useBackend, valuesAt } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectOperation } from "../support/operation.ts";
import { Contents, toTensor } from "../support/plain.ts";

/** A random pattern: `share` of the entries, now and then without the first row or column. */
function randomPlaces(contents: Contents, rows: number, cols: number, share: number): Int32Array {
  const [firstRow, firstColumn] = [contents.index(2), contents.index(2)];
  const all = Int32Array.from({ length: rows * cols }, (_, place) => place);
  return all.filter((place) => {
    return Math.floor(place / cols) >= firstRow && place % cols >= firstColumn && contents.uniform() < share;
  });
}

function spread(values: ArrayLike<number>, places: Int32Array, size: number): Float64Array {
  const dense = new Float64Array(size);
  places.forEach((place, k) => (dense[place] = values[k]!));
  return dense;
}

const shapes = { rows: fc.integer({ min: 1, max: 7 }), cols: fc.integer({ min: 1, max: 9 }), seed: fc.nat() };
const share = fc.constantFrom(0, 0.1, 0.5, 1);

test("a patterned weight: values, and gradients of x, of the members and of the bias", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ ...shapes, share, tokens: fc.integer({ min: 1, max: 75 }), zeros: share, bias: fc.boolean() }),
      async ({ rows, cols, seed, share, tokens, zeros, bias }) => {
        const contents = new Contents(seed);
        const places = randomPlaces(contents, rows, cols, share);
        const x = contents.tensor([cols, tokens], { zeros });
        const values = contents.tensor([places.length]);
        await expectOperation(
          {
            inputs: bias ? [x, values, contents.tensor([rows])] : [x, values],
            open() {
              const pattern = new SparsityPattern(rows, cols, places);
              return {
                run: (x, values, b) =>
                  linear(x as tf.Tensor2D, { pattern, values: values as tf.Tensor1D }, b as tf.Tensor1D),
                close: () => pattern.dispose(),
              };
            },
            twin: (x, values, b) => twins.linear(x, spread(values!, places, rows * cols), b, rows, tokens),
          },
          { value: 1e-6, gradient: 2e-6 },
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("the dense matrix of a patterned one, and its gradient at the members", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...shapes, share }), async ({ rows, cols, seed, share }) => {
      const contents = new Contents(seed);
      const places = randomPlaces(contents, rows, cols, share);
      await expectOperation(
        {
          inputs: [contents.tensor([places.length])],
          open() {
            const pattern = new SparsityPattern(rows, cols, places);
            return {
              run: (values) => denseMatrix({ pattern, values: values as tf.Tensor1D }),
              close: () => pattern.dispose(),
            };
          },
          twin: (values) => spread(values!, places, rows * cols),
        },
        { value: 0, gradient: 1e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test.each([
    { what: "few members", rows: 20, cols: 30, share: 0.15 },
    { what: "so many members that gradients are computed one after the other", rows: 200, cols: 300, share: 0.6 },
  ])("gradients at the members are those of the dense weight: $what", async ({ rows, cols, share }) => {
    await useBackend(backend);
    const tokens = 200;
    const contents = new Contents(5);
    const places = randomPlaces(contents, rows, cols, share);
    // Whole rows of x and of dy are zero, some of them for part of the tokens only.
    const quiet = ({ values, shape }: { values: Float32Array; shape: readonly number[] }) => ({
      shape,
      values: values.map((value, i) => {
        const [row, token] = [Math.floor(i / tokens), i % tokens];
        return row % 3 === 0 || (row % 3 === 1 && token < 100) ? 0 : value;
      }),
    });
    const x = toTensor(quiet(contents.tensor([cols, tokens]))) as tf.Tensor2D;
    const dy = toTensor(quiet(contents.tensor([rows, tokens]))) as tf.Tensor2D;
    const pattern = new SparsityPattern(rows, cols, places);
    const values = toTensor(contents.tensor([places.length])) as tf.Tensor1D;
    const dense = denseMatrix({ pattern, values });
    const [dx, dvalues] = tf.grads((x, values) => linear(x as tf.Tensor2D, { pattern, values: values as tf.Tensor1D }))(
      [x, values],
      dy,
    ) as [tf.Tensor2D, tf.Tensor1D];
    const [dxDense, ddense] = tf.grads((x, w) => linear(x as tf.Tensor2D, w as tf.Tensor2D))([x, dense], dy) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const at = valuesAt(pattern, ddense);
    expectNear(dx, dxDense);
    expectNear(dvalues, at);
    expect(Math.max(...at.dataSync().map(Math.abs))).toBeGreaterThan(10);
    tf.dispose([x, dy, values, dense, dx, dvalues, dxDense, ddense, at]);
    pattern.dispose();
  });

  test("a pattern takes places that ascend and lie in the matrix", async () => {
    await useBackend(backend);
    for (const places of [[-1], [6], [2, 1], [3, 3]]) {
      expect(() => new SparsityPattern(2, 3, Int32Array.from(places))).toThrow(RangeError);
    }
    const before = tf.memory().numTensors;
    const pattern = new SparsityPattern(2, 3, Int32Array.of(0, 5));
    pattern.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function expectNear(got: tf.Tensor, expected: tf.Tensor): void {
  const [a, b] = [got.dataSync(), expected.dataSync()];
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(5e-4);
}
