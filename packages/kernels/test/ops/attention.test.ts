import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { attendWith, attention, attentionPattern, useBackend, type AttentionShape } from "../../src/index.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectOperation, expectClose } from "../support/operation.ts";
import { Contents, toTensor, type Plain } from "../support/plain.ts";

const point = fc.record({
  heads: fc.integer({ min: 1, max: 3 }),
  dHead: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  seq: fc.integer({ min: 1, max: 11 }),
  causal: fc.boolean(),
  sink: fc.boolean(),
  seed: fc.nat(),
});
type Point = typeof point extends fc.Arbitrary<infer P> ? P : never;

function inputsOf({ heads, dHead, batch, seq, sink, seed }: Point): { qkv: Plain[]; sinks: Plain | undefined } {
  const contents = new Contents(seed);
  const qkv = [0, 1, 2].map(() => contents.tensor([heads * dHead, batch * seq]));
  return { qkv, sinks: sink ? contents.tensor([heads]) : undefined };
}

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

describe.each(BACKENDS)("on %s", (backend) => {
  test("the pattern, and attention with a given pattern", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, (shape) => {
        const { qkv, sinks } = inputsOf(shape);
        const [q, k, v] = qkv as [Plain, Plain, Plain];
        const expected = twins.attentionPattern(q.values, k.values, shape, sinks?.values);
        const before = tf.memory().numTensors;
        const tensors = [...qkv, ...(sinks ? [sinks] : [])].map(toTensor);
        const [qt, kt, vt, st] = tensors as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor1D?];
        const pattern = attentionPattern(qt, kt, shape, st);
        const mixed = attendWith(pattern, vt, shape);
        expect(pattern.shape).toEqual([shape.heads * shape.seq, shape.batch * shape.seq]);
        expectClose(pattern.dataSync(), expected, 1e-6, "pattern");
        expectClose(mixed.dataSync(), twins.attendWith(expected, v.values, shape), 2e-6, "attendWith");
        tf.dispose([tensors, pattern, mixed]);
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  test("a causal shape ignores what a given pattern gives to later keys", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, (shape) => {
        const { heads, dHead, batch, seq, causal, seed } = shape;
        const contents = new Contents(seed);
        const pattern = contents.tensor([heads * seq, batch * seq], { zeros: 0 });
        const v = contents.tensor([heads * dHead, batch * seq]);
        const seen = pattern.values.map((weight, i) => {
          const [key, query] = [Math.floor(i / (batch * seq)) % seq, i % seq];
          return causal && key > query ? 0 : weight;
        });
        const y = tf.tidy(() => {
          return attendWith(toTensor(pattern) as tf.Tensor2D, toTensor(v) as tf.Tensor2D, shape).dataSync();
        });
        expectClose(y, twins.attendWith(seen, v.values, shape), 2e-6, "attendWith");
      }),
      { numRuns: 40 },
    );
  });

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

test("attention with its own pattern is attention, to the bit", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(point, (shape) => {
      const { qkv, sinks } = inputsOf(shape);
      tf.tidy(() => {
        const [q, k, v] = qkv.map(toTensor) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const sinksTensor = sinks && (toTensor(sinks) as tf.Tensor1D);
        const fused = attention(q, k, v, shape, sinksTensor).dataSync<"float32">();
        const given = attendWith(attentionPattern(q, k, shape, sinksTensor), v, shape).dataSync<"float32">();
        expect(new Uint32Array(given.slice().buffer)).toEqual(new Uint32Array(fused.slice().buffer));
      });
    }),
    { numRuns: 150 },
  );
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
