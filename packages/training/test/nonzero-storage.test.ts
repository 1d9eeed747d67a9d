import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { defineOptions, listParameters, useBackend } from "@filigree/core";
import { defineSparsifier, type Sparsifier } from "@filigree/sparsifiers";
import { TINY_MODEL } from "./tiny-run.ts";
import { trainerOf } from "./tiny-trainer.ts";

const NONE = defineOptions({});

/** Every third weight, and its right neighbour in every other row. */
function isMember(index: number, cols: number): boolean {
  return index % 3 === 0 || (Math.floor(index / cols) % 2 === 0 && index % 3 === 1);
}

const BASE = {
  version: "1.0.0",
  about: "a fixed choice of weights",
  apiVersion: 1,
  options: NONE,
  density: () => 0.5,
} as const;

/** The same fixed choice of weights twice: as the only ones stored, and by zeroing all others after each step. */
const fixedNonzeros = defineSparsifier<object, object>({
  ...BASE,
  name: "fixed-nonzeros",
  storage: "nonzeros",
  init({ matrices }) {
    for (const matrix of matrices) matrix.keepOnly(matrix.indices().filter((index) => isMember(index, matrix.cols)));
    return {};
  },
  wantsGradients: ({ step }) => step === 3,
  step() {},
});
const fixedDense = defineSparsifier<object, object>({
  ...BASE,
  name: "fixed-dense",
  storage: "dense",
  init({ matrices }) {
    for (const matrix of matrices) matrix.setValues(zeroOthers(matrix.values(), matrix.cols));
    return {};
  },
  step({ matrices }) {
    for (const matrix of matrices) matrix.setValues(zeroOthers(matrix.values(), matrix.cols));
  },
});

function zeroOthers(values: Float32Array, cols: number): Float32Array {
  return values.map((value, index) => (isMember(index, cols) ? value : 0));
}

/** A trainer of a tiny model of two layers, with batches of made-up tokens. */
function tinyTrainer(sparsifier: Sparsifier, model: Record<string, unknown> = {}) {
  const { trainer, config, takeStep } = trainerOf(
    { plugin: sparsifier, options: {} },
    {
      model: { ...TINY_MODEL, n_layer: 2, enable_bigram_table: false, ...model },
      // With a tiny epsilon, Adam takes steps of full size along gradients that are nothing but rounding.
      optimiser: { rate: 0.01, warmup: 2, epsilon: 1e-3, gradient: "plain" },
      steps: 10,
    },
  );
  const takeSteps = (count: number) => Array.from({ length: count }, () => takeStep().loss);
  return { trainer, takeSteps, config };
}

beforeAll(() => useBackend("wasm"));

describe.each([
  { kind: "plain", model: {} },
  { kind: "tied, without biases", model: { tied_unembed: true, bias: false } },
  { kind: "with positions and layer norm", model: { norm: "layer", positions: "added" } },
])("a model that is $kind", ({ model }) => {
  test("trains alike whether zeros are stored or not", () => {
    const before = tf.memory().numTensors;
    const sparse = tinyTrainer(fixedNonzeros, model);
    const dense = tinyTrainer(fixedDense, model);
    const losses = [sparse.takeSteps(5), dense.takeSteps(5)];
    losses[0]!.forEach((loss, i) => expect(Math.abs(loss - losses[1]![i]!)).toBeLessThan(1e-5));
    expect(Math.abs(losses[0]![4]! - losses[0]![0]!)).toBeGreaterThan(1e-3);
    const [ours, theirs] = [sparse.trainer.values(), dense.trainer.values()];
    for (const { name, trained } of listParameters(sparse.config)) {
      if (!trained) continue;
      const [a, b] = [ours.get(name)!, theirs.get(name)!];
      expect(a.length).toBe(b.length);
      for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!), `${name}[${i}]`).toBeLessThan(1e-5);
    }
    sparse.trainer.dispose();
    dense.trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("a step leaves no tensor behind, whether it computes the gradients of all weights or not", () => {
  const { trainer, takeSteps } = tinyTrainer(fixedNonzeros);
  takeSteps(1);
  const before = tf.memory().numTensors;
  takeSteps(4);
  expect(tf.memory().numTensors).toBe(before);
  trainer.dispose();
});
