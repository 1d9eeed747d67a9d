import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { attendWith, attention, attentionPattern, useBackend } from "../../src/index.ts";
import { inputsOf, point } from "../support/attention-case.ts";
import * as twins from "../support/float64.ts";
import { BACKENDS, expectClose, expectOperation } from "../support/operation.ts";
import { Contents, toTensor, type Plain } from "../support/plain.ts";

test("the pattern: values and gradients", async () => {
  await fc.assert(
    fc.asyncProperty(point, async (shape) => {
      const { qkv, sinks } = inputsOf(shape);
      const [q, k] = qkv as [Plain, Plain, Plain];
      await expectOperation(
        {
          inputs: sinks ? [q, k, sinks] : [q, k],
          open: () => ({
            run: (q, k, sinks) => attentionPattern(q as tf.Tensor2D, k as tf.Tensor2D, shape, sinks as tf.Tensor1D),
          }),
          twin: (q, k, sinks) => twins.attentionPattern(q, k!, shape, sinks),
        },
        { value: 1e-6, gradient: 3e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

test("attention with a given pattern: values and gradients, and a causal shape ignores later keys", async () => {
  await fc.assert(
    fc.asyncProperty(point, async (shape) => {
      const { heads, dHead, batch, seq, causal, seed } = shape;
      const contents = new Contents(seed);
      // Any numbers, not those of a softmax, at later keys too.
      const pattern = contents.tensor([heads * seq, batch * seq]);
      const seen = (pattern: Float64Array) =>
        pattern.map((weight, i) => (causal && Math.floor(i / (batch * seq)) % seq > i % seq ? 0 : weight));
      await expectOperation(
        {
          inputs: [pattern, contents.tensor([heads * dHead, batch * seq])],
          open: () => ({ run: (pattern, v) => attendWith(pattern as tf.Tensor2D, v as tf.Tensor2D, shape) }),
          twin: (pattern, v) => twins.attendWith(seen(pattern), v!, shape),
        },
        { value: 2e-6, gradient: 3e-6 },
      );
    }),
    { numRuns: 40 },
  );
});

describe.each(BACKENDS)("on %s", (backend) => {
  test("both steps together have the gradients of attention", async () => {
    await useBackend(backend);
    fc.assert(
      fc.property(point, (shape) => {
        const { qkv, sinks } = inputsOf(shape);
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const inputs = [...qkv, ...(sinks ? [sinks] : [])].map(toTensor);
          const whole = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, s?: tf.Tensor) =>
            attention(q as tf.Tensor2D, k as tf.Tensor2D, v as tf.Tensor2D, shape, s as tf.Tensor1D | undefined);
          const steps = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, s?: tf.Tensor) => {
            const pattern = attentionPattern(q as tf.Tensor2D, k as tf.Tensor2D, shape, s as tf.Tensor1D | undefined);
            return attendWith(pattern, v as tf.Tensor2D, shape);
          };
          const gradients = (f: typeof whole) =>
            tf.grads((...given) => f(given[0]!, given[1]!, given[2]!, given[3]))(inputs);
          const expected = gradients(whole);
          gradients(steps).forEach((gradient, i) => {
            expectClose(gradient.dataSync(), expected[i]!.dataSync(), 3e-6, `gradient ${i}`);
          });
        });
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 30 },
    );
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
