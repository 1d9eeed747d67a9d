import * as tf from "@tensorflow/tfjs-core";
import { randomStream, seed, useBackend } from "@filigree/core";
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { addUp, cutBatch } from "../src/gradients.ts";
import { chooseSparsifier, drawBatch, initialState, parseTrainingConfig, Trainer } from "../src/index.ts";
import { tinyConfig } from "./tiny-run.ts";

beforeAll(() => useBackend("wasm"));

async function losses(shards: number): Promise<number[]> {
  const run = parseTrainingConfig(tinyConfig({ batch: 7, shards }), "tiny.json");
  const config = { ...run.model, vocabSize: 50, outSize: 50 };
  const sparsifier = await chooseSparsifier(run.sparsifier, "/");
  const random = randomStream(seed(1), "test/tokens");
  const tokens = Uint16Array.from({ length: 2000 }, () => random.integer(50));
  const bigram = Float32Array.from({ length: 2500 }, () => Math.max(0, random.normal()));
  const trainer = new Trainer(run, sparsifier, config, initialState(run, config), bigram);
  const before = tf.memory().numTensors;
  const found = Array.from({ length: 6 }, (_, index) => {
    const { loss, gradientRms } = trainer.takeStep(drawBatch(tokens, run, { seed: run.seed, name: "test", index }));
    expect(tf.memory().numTensors).toBe(before);
    return [loss, gradientRms];
  });
  trainer.dispose();
  return found.flat();
}

test("a batch in shards trains as a whole one does, but for the last digits", async () => {
  const whole = await losses(1);
  for (const shards of [2, 3, 7, 50]) {
    const parts = await losses(shards);
    for (const [i, value] of parts.entries()) expect(Math.abs(value / whole[i]! - 1)).toBeLessThan(1e-4);
  }
});

test("shards are the batch in order, and of nearly one size", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (batch, seq, n) => {
        const ids = Int32Array.from({ length: batch * seq }, (_, i) => i);
        const shards = cutBatch({ ids, targets: ids.map((id) => id + 1), batch, seq }, n);
        expect(shards).toHaveLength(Math.min(n, batch));
        expect(shards.flatMap((shard) => [...shard.ids])).toEqual([...ids]);
        for (const shard of shards) {
          expect([...shard.targets]).toEqual([...shard.ids].map((id) => id + 1));
          expect(shard.ids).toHaveLength(shard.batch * seq);
          expect(Math.abs(shard.batch - batch / shards.length)).toBeLessThan(1);
        }
      },
    ),
  );
});

test("sums are taken from the first shard on", () => {
  const values = [2 ** 24, 1, 1, -(2 ** 24)];
  const sumOf = (order: readonly number[]) => {
    const shards = order.map((value) => ({ loss: value, gradients: new Map([["w", tf.tensor1d([value])]]) }));
    const { loss, gradients } = addUp(shards);
    const [sum] = gradients.get("w")!.dataSync<"float32">();
    tf.dispose([...gradients.values()]);
    return [loss, sum];
  };
  const before = tf.memory().numTensors;
  expect(sumOf(values)).toEqual([2, 0]);
  expect(sumOf([values[1]!, values[2]!, values[0]!, values[3]!])).toEqual([2, 2]);
  expect(tf.memory().numTensors).toBe(before);
});
