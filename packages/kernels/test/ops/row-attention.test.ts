import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  attention,
  attentionPattern,
  gatherColumns,
  headLanes,
  layInLanes,
  layTokensInLanes,
  mixRows,
  rowPattern,
  useBackend,
} from "../../src/index.ts";
import { inputsOf, point } from "../support/attention-case.ts";
import { Contents, toTensor } from "../support/plain.ts";

const bits = (x: tf.Tensor) => new Uint32Array(x.dataSync<"float32">().slice().buffer);

test("rows with the keys that they see anyway are rows of attention, to the bit, wherever a token lies", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(point, (shape) => {
      const { heads, dHead, batch, seq, causal, seed } = shape;
      const { qkv, sinks } = inputsOf(shape);
      const tensors = tf.memory().numTensors;
      tf.tidy(() => {
        const [q, k, v] = qkv.map(toTensor) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const sinksTensor = sinks && (toTensor(sinks) as tf.Tensor1D);
        const tokens = batch * seq;
        const rows = Int32Array.from(new Contents(seed).ids(1 + (seed % tokens), tokens));
        // Half of the tokens are looked up among the fresh ones, which lie in another order and layout.
        const order = Int32Array.from({ length: tokens }, (_, i) => tokens - 1 - i);
        const known = (x: tf.Tensor2D) => layTokensInLanes(tf.transpose(x), shape);
        const fresh = (x: tf.Tensor2D) => layInLanes(gatherColumns(x, undefined, order), shape);
        const starts = new Int32Array(rows.length + 1);
        const listed: number[] = [];
        rows.forEach((row, i) => {
          const first = row - (row % seq);
          const end = causal ? row + 1 : first + seq;
          for (let t = first; t < end; t++) listed.push(t % 2 === 0 ? t : tokens + (tokens - 1 - t));
          starts[i + 1] = listed.length;
        });
        const lists = {
          starts: tf.tensor1d(starts, "int32"),
          tokens: tf.tensor1d(listed, "int32"),
          longest: seq,
        };
        const own = gatherColumns(q, undefined, rows);
        const pattern = rowPattern(own, lists, { known: known(k), fresh: fresh(k) }, shape, sinksTensor);
        const mixed = mixRows(pattern, lists, { known: known(v), fresh: fresh(v) }, shape);
        const whole = gatherColumns(attention(q, k, v, shape, sinksTensor), undefined, rows);
        expect(bits(mixed)).toEqual(bits(whole));
        const weights = pattern.dataSync<"float32">();
        const all = attentionPattern(q, k, shape, sinksTensor).dataSync<"float32">();
        rows.forEach((row, i) => {
          for (let e = starts[i]!; e < starts[i + 1]!; e++) {
            for (let h = 0; h < heads; h++) {
              const key = e - starts[i]!;
              expect(weights[e * headLanes(heads) + h]).toBe(all[(h * seq + key) * tokens + row]);
            }
          }
        });
        expect(own.shape).toEqual([heads * dHead, rows.length]);
      });
      expect(tf.memory().numTensors).toBe(tensors);
    }),
    { numRuns: 120 },
  );
});

test("columns are gathered from a tensor and from token-major rows", async () => {
  await useBackend("wasm");
  tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const others = tf.tensor2d([7, 8, 9, 10], [2, 2]);
    const gathered = gatherColumns(x, others, Int32Array.of(2, ~1, 0, ~0));
    expect(gathered.arraySync()).toEqual([
      [3, 9, 1, 7],
      [6, 10, 4, 8],
    ]);
    expect(gatherColumns(undefined, others, Int32Array.of(~0)).arraySync()).toEqual([[7], [8]]);
  });
});
