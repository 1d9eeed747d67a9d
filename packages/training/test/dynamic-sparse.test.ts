import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { listParameters, useBackend, type ModelConfig } from "@filigree/core";
import { chooseSparsifier, parseTrainingConfig, train, type Trainer, type TrainerState } from "../src/index.ts";
import { TINY_MODEL, tinyConfig, writeSources } from "./tiny-run.ts";
import { trainerOf } from "./tiny-trainer.ts";

const MODEL = { ...TINY_MODEL, enable_bigram_table: false };

/** A trainer of a tiny model with `rigl` or `set`: 40 steps, a change after each fourth one up to the thirtieth. */
async function tinyTrainer(name: string, options: Record<string, unknown>, seed = 7) {
  const sparsifier = { name, options: { block: 0.2, embedding: 0.3, every: 4, ...options } };
  return trainerOf(await chooseSparsifier(sparsifier, "/"), { model: MODEL, steps: 40, seed });
}

function sparsified(config: ModelConfig) {
  return listParameters(config).filter(({ role }) => ["block", "embedding", "unembedding"].includes(role));
}

/** The stored places of every matrix, as text. */
function topology(trainer: Trainer): string {
  return JSON.stringify([...trainer.state().indices].map(([name, indices]) => [name, [...indices]]));
}

let data: string;
beforeAll(async () => {
  await useBackend("wasm");
  data = writeSources();
});

describe.each(["rigl", "set"])("%s", (name) => {
  test("stores its fraction of each matrix throughout, and exchanges some where it should", async () => {
    const before = tf.memory().numTensors;
    const { trainer, config, takeStep } = await tinyTrainer(name, {});
    const changed: number[] = [];
    let last = topology(trainer);
    for (let step = 1; step <= 40; step++) {
      expect(takeStep().density).toBeCloseTo(0.2, 2);
      const now = topology(trainer);
      if (now !== last) changed.push(step);
      last = now;
      const { indices } = trainer.state();
      for (const { name, shape, role } of sparsified(config)) {
        const share = role === "block" ? 0.2 : 0.3;
        expect(indices.get(name)!.length).toBe(Math.round(share * shape[0]! * shape[1]!));
      }
    }
    // After step 28 the cosine has all but reached 0.
    expect(changed).toEqual(expect.arrayContaining([4, 8, 12, 16, 20]));
    expect(changed.every((step) => step % 4 === 0 && step <= 30)).toBe(true);
    trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("falls from an initial fraction to the final one", async () => {
    const { trainer, takeStep } = await tinyTrainer(name, { initial: 0.8, annealUntil: 0.5 });
    const densities = Array.from({ length: 40 }, () => takeStep().density);
    expect(densities[0]).toBeCloseTo(0.8, 2);
    expect(densities[11]).toBeCloseTo(0.8 * 0.25 ** 0.6, 2);
    expect(densities.slice(19).every((density) => Math.abs(density - 0.2) < 0.01)).toBe(true);
    expect(densities.every((density, i) => i === 0 || density <= densities[i - 1]!)).toBe(true);
    trainer.dispose();
  });

  test("rises to a final fraction that is larger, and refuses one that it would not come to", async () => {
    const { trainer, takeStep } = await tinyTrainer(name, { initial: 0.1, annealUntil: 0.2 });
    const densities = Array.from({ length: 12 }, () => takeStep().density);
    expect(densities[0]).toBeCloseTo(0.1, 2);
    expect(densities[11]).toBeCloseTo(0.2, 2);
    trainer.dispose();
    const late = tinyTrainer(name, { initial: 0.5, annealUntil: 0.8 });
    await expect(late).rejects.toThrow(/the last exchange, after step 28, comes before the fraction is final/);
  });

  test("shares weights out by the rule of Erdős and Rényi where asked, as many in all", async () => {
    const { trainer, config } = await tinyTrainer(name, { distribution: "erdos-renyi", block: 0.4 });
    const { indices } = trainer.state();
    const blocks = sparsified(config).filter(({ role }) => role === "block");
    const fractions = blocks.map(({ name, shape }) => indices.get(name)!.length / (shape[0]! * shape[1]!));
    const rules = blocks.map(({ shape }) => (shape[0]! + shape[1]!) / (shape[0]! * shape[1]!));
    const stored = blocks.reduce((sum, { name }) => sum + indices.get(name)!.length, 0);
    const size = blocks.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
    expect(stored / size).toBeCloseTo(0.4, 2);
    fractions.forEach((fraction, i) => expect(fraction / fractions[0]!).toBeCloseTo(rules[i]! / rules[0]!, 1));
    trainer.dispose();
  });

  test("gives matrices that would hold more than all their weights just these", async () => {
    const { trainer, config } = await tinyTrainer(name, { distribution: "erdos-renyi", block: 0.9 });
    const { indices } = trainer.state();
    const blocks = sparsified(config).filter(({ role }) => role === "block");
    const size = blocks.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
    expect(indices.get("transformer.h.0.attn.c_proj.weight")!.length).toBe(64);
    expect(blocks.reduce((sum, { name }) => sum + indices.get(name)!.length, 0) / size).toBeCloseTo(0.9, 2);
    trainer.dispose();
  });

  test("stores the largest weights first where asked, as they are, and random ones scaled up otherwise", async () => {
    const largest = await tinyTrainer(name, { first: "largest" });
    const random = await tinyTrainer(name, {});
    for (const { name, shape } of sparsified(largest.config)) {
      const whole = largest.start.weights.get(name)!;
      const { indices, weights } = largest.trainer.state();
      const order = [...whole.keys()].sort((a, b) => Math.abs(whole[b]!) - Math.abs(whole[a]!));
      const expected = order.slice(0, indices.get(name)!.length).sort((a, b) => a - b);
      expect([...indices.get(name)!]).toEqual(expected);
      expect([...weights.get(name)!]).toEqual(expected.map((index) => whole[index]));
      const chosen = random.trainer.state();
      const factor = Math.sqrt((shape[0]! * shape[1]!) / indices.get(name)!.length);
      [...chosen.indices.get(name)!].forEach((index, i) => {
        expect(chosen.weights.get(name)![i]! / whole[index]!).toBeCloseTo(factor, 5);
      });
    }
    largest.trainer.dispose();
    random.trainer.dispose();
  });

  test("depends on the seed, and on nothing else", async () => {
    const runs = await Promise.all([1, 1, 2].map((seed) => tinyTrainer(name, {}, seed)));
    for (const { takeStep } of runs) for (let i = 0; i < 9; i++) takeStep();
    const [a, b, c] = runs.map(({ trainer }) => trainer.state());
    expect(a).toEqual(b);
    expect(a!.indices).not.toEqual(c!.indices);
    for (const { trainer } of runs) trainer.dispose();
  });

  test.each([3, 8])("interrupted after step %i and resumed, gives the bytes of a straight run", async (stopAfter) => {
    const sparsifier = { name, options: { block: 0.2, embedding: 0.3, every: 4, initial: 0.5 } };
    const config = parseTrainingConfig(tinyConfig({ sparsifier }), "tiny.json");
    const [straight, resumed] = ["a", "b"].map(() => mkdtempSync(join(tmpdir(), "filigree-dynamic-")));
    const options = { data: [data], baseDirectory: "/", command: "filigree train tiny.json", codeVersion: "0.0.0" };
    const files = (folder: string) =>
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);
    await train(config, { ...options, out: straight! });
    const controller = new AbortController();
    const onProgress = (progress: { phase: string; step?: number }) => {
      if (progress.step === stopAfter) controller.abort();
    };
    await train(config, { ...options, out: resumed!, onProgress, signal: controller.signal });
    await train(config, { ...options, out: resumed!, resume: true });
    expect(files(resumed!)).toEqual(files(straight!));
  });
});

test("rigl grows along the largest gradients of the weights that are not stored", async () => {
  const { trainer, config, takeStep } = await tinyTrainer("rigl", { drop: 0.5 });
  for (let step = 0; step < 3; step++) takeStep();
  const slopes = await denseGradients(config, trainer.state());
  takeStep();
  const { indices, weights } = trainer.state();
  trainer.dispose();
  for (const { name } of sparsified(config)) {
    const stored = [...indices.get(name)!];
    // Grown weights start at 0, and no other one is exactly that.
    const isGrown = new Set(stored.filter((_, i) => weights.get(name)![i] === 0));
    const stayed = new Set(stored.filter((index) => !isGrown.has(index)));
    const slope = (index: number) => Math.abs(slopes.get(name)![index]!);
    const free = [...slopes.get(name)!.keys()].filter((index) => !stayed.has(index));
    const left = free.filter((index) => !isGrown.has(index));
    expect(isGrown.size).toBeGreaterThan(2);
    const least = Math.min(...[...isGrown].map(slope));
    expect(least).toBeGreaterThan(0);
    expect(least).toBeGreaterThanOrEqual(Math.max(...left.map(slope)) * (1 - 1e-5));
  }
});

/** The gradients of all weights in the step that comes next, up to a common factor: Adam's first moment keeps them. */
async function denseGradients(config: ModelConfig, state: TrainerState): Promise<TrainerState["m"]> {
  const whole = (part: TrainerState["weights"]) =>
    new Map(
      listParameters(config).flatMap(({ name, shape }) => {
        const values = part.get(name);
        const places = state.indices.get(name);
        if (!values || !places) return values ? [[name, values] as const] : [];
        const dense = new Float32Array(shape.reduce((a, b) => a * b, 1));
        places.forEach((place, i) => (dense[place] = values[i]!));
        return [[name, dense] as const];
      }),
    );
  const zeros = () => new Map([...whole(state.weights)].map(([name, { length }]) => [name, new Float32Array(length)]));
  const dense = trainerOf(
    await chooseSparsifier({ name: "dense", options: {} }, "/"),
    { model: MODEL, steps: 40, seed: 7 },
    { ...state, weights: whole(state.weights), m: zeros(), v: zeros(), indices: new Map(), sparsifier: undefined },
  );
  dense.takeStep();
  const { m } = dense.trainer.state();
  dense.trainer.dispose();
  return m;
}
