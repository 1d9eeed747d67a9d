import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { attention, useBackend, type AttentionShape } from "../../src/index.ts";
import { inputsOf, point } from "../support/attention-case.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectOperation, expectSameOnBackends } from "../support/operation.ts";
import { Contents, toTensor, type Plain } from "../support/plain.ts";

test("values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(point, async (shape) => {
      const { qkv, sinks } = inputsOf(shape);
      await expectOperation(
        {
          inputs: sinks ? [...qkv, sinks] : qkv,
          open: () => ({
            run: (q, k, v, sinks) => {
              return attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, shape, sinks as tf.Tensor1D);
            },
          }),
          twin: (q, k, v, sinks) => twins.attention(q, k!, v!, shape, sinks),
        },
        { value: 1e-6, gradient: 3e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

test("values and gradients where a query and a key are all zero", async () => {
  await fc.assert(
    fc.asyncProperty(point, fc.nat(), async (shape, at) => {
      const { qkv, sinks } = inputsOf(shape);
      const tokens = shape.batch * shape.seq;
      for (const { values } of qkv) values.forEach((_, i) => i % tokens === at % tokens && (values[i] = 0));
      await expectOperation(
        {
          inputs: sinks ? [...qkv, sinks] : qkv,
          open: () => ({
            run: (q, k, v, sinks) => {
              return attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, shape, sinks as tf.Tensor1D);
            },
          }),
          twin: (q, k, v, sinks) => twins.attention(q, k!, v!, shape, sinks),
        },
        { value: 1e-6, gradient: 3e-6 },
      );
    }),
    { numRuns: 20 },
  );
});

test("several tiles of queries and of channels: values and gradients as on the portable backend", async () => {
  const large = fc.record({
    heads: fc.integer({ min: 1, max: 2 }),
    dHead: fc.integer({ min: 1, max: 35 }),
    batch: fc.integer({ min: 1, max: 2 }),
    seq: fc.integer({ min: 1, max: 50 }),
    causal: fc.boolean(),
    sink: fc.boolean(),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(large, fc.constantFrom(0, 0.75), async (shape, zeros) => {
      const { heads, dHead, batch, seq, seed } = shape;
      const contents = new Contents(seed);
      const size = [heads * dHead, batch * seq];
      const qkv = [0, 1, 2].map(() => contents.tensor(size, { zeros, size: 1 }));
      await expectSameOnBackends(
        {
          inputs: shape.sink ? [...qkv, contents.tensor([heads])] : qkv,
          open: () => ({
            run: (q, k, v, sinks) =>
              attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, shape, sinks as tf.Tensor1D),
          }),
        },
        contents.tensor(size, { zeros: 0 }),
        { value: 2e-6, gradient: 4e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("scores and sinks far apart neither overflow nor give NaN", async () => {
    await useBackend(backend);
    const shape: AttentionShape = { heads: 1, dHead: 1, batch: 1, seq: 3, causal: true };
    const row = (...values: number[]) => tf.tensor2d(values, [1, 3]);
    tf.tidy(() => {
      const [q, k, v] = [row(1e4, 1e4, -1e4), row(1e4, -1e4, 0), row(1, 2, 3)];
      expect([...attention(q, k, v, shape).dataSync()]).toEqual([1, 1, 2]);
      expect([...attention(q, k, v, shape, tf.tensor1d([-1e9])).dataSync()]).toEqual([1, 1, 2]);
      expect([...attention(q, k, v, shape, tf.tensor1d([1e9])).dataSync()]).toEqual([0, 0, 0]);
    });
  });
});

test("a causal query depends on nothing after it, nor on other sequences, to the bit", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(point, fc.nat(), (given, at) => {
      const shape = { ...given, causal: true };
      const { qkv, sinks } = inputsOf(shape);
      const tokens = shape.batch * shape.seq;
      const query = at % tokens;
      const first = query - (query % shape.seq);
      // Everything but the query's own past changes.
      const other = new Contents(given.seed + 1);
      const changed = qkv.map((plain) => ({
        shape: plain.shape,
        values: plain.values.map((value, i) => {
          const token = i % tokens;
          return token >= first && token <= query ? value : other.uniform();
        }),
      }));
      const column = (inputs: Plain[]) =>
        tf.tidy(() => {
          const [q, k, v] = inputs.map(toTensor) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
          const y = attention(q, k, v, shape, sinks && (toTensor(sinks) as tf.Tensor1D)).dataSync<"float32">();
          return y.filter((_, i) => i % tokens === query);
        });
      expect(new Uint32Array(column(changed).buffer)).toEqual(new Uint32Array(column(qkv).buffer));
    }),
    { numRuns: 200 },
  );
});
