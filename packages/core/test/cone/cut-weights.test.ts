import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ablate,
  circuitCompiler,
  disposeModel,
  randomStream,
  runModel,
  seed,
  useBackend,
  type BackendName,
  type Cuts,
  type Model,
  type Project,
} from "../../src/index.ts";
import { randomBatch } from "../support/tiny-model.ts";
import { generalCases, maskOf, modelOf } from "./random-circuit.ts";
import { take } from "../support/logits.ts";

const MATRICES = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];

/** Cuts a share of the edges of some matrices. */
function randomCuts(model: Model, share: number, number: number): Cuts {
  const random = randomStream(seed(number), "test/cuts");
  const cuts = new Map<string, { kept: Uint8Array; fill: Float32Array }>();
  for (let layer = 0; layer < model.config.nLayer; layer++) {
    for (const part of MATRICES) {
      if (random.uniform() < 0.3) continue;
      const name = `transformer.h.${layer}.${part}`;
      const matrix = model.parameters.matrix(`${name}.weight`);
      if (matrix instanceof tf.Tensor) throw new Error("A frozen model has no tensors for matrices.");
      const { cols } = matrix;
      const { length } = matrix.toCompressed().values;
      const kept = Uint8Array.from({ length }, () => Number(random.uniform() >= share));
      cuts.set(name, { kept, fill: Float32Array.from({ length: cols }, () => random.normal()) });
    }
  }
  return cuts;
}

/** (W ∘ kept) · x + (W ∘ (1 − kept)) · fill + b, with dense matrices and tfjs's own products. */
function plainProjection(model: Model, cuts: Cuts): Project {
  const { parameters } = model;
  return (x, name) =>
    tf.tidy(() => {
      const matrix = parameters.matrix(`${name}.weight`);
      const dense = matrix instanceof tf.Tensor ? matrix : matrix.toDense();
      const weights = dense.dataSync<"float32">();
      const cut = cuts.get(name);
      let next = 0;
      const open = weights.map((w) => Number(w !== 0 && (cut === undefined || cut.kept[next++] === 1)));
      const kept = tf.tensor2d(
        weights.map((w, i) => w * open[i]!),
        dense.shape,
      );
      const gone = tf.tensor2d(
        weights.map((w, i) => w * (1 - open[i]!)),
        dense.shape,
      );
      const fill = tf.tensor2d(cut?.fill ?? new Float32Array(dense.shape[1]), [dense.shape[1], 1]);
      const y = tf.add(tf.matMul(kept, x), tf.matMul(gone, fill));
      const bias = parameters.optional(`${name}.bias`);
      return (bias ? tf.add(y, tf.reshape(bias, [-1, 1])) : y) as tf.Tensor2D;
    });
}

describe.each<[BackendName, number]>([
  ["wasm", 200],
  ["cpu", 50],
])("on the %s backend", (backend, numRuns) => {
  beforeAll(() => useBackend(backend));

  test("a circuit with cut edges gives what dense matrices split in two give, on its cone and in the whole pass", () => {
    const seen = { cone: 0, whole: 0 };
    fc.assert(
      fc.property(generalCases, fc.constantFrom(0, 0.2, 0.6, 1), (chosen, share) => {
        const model = modelOf(chosen);
        const tokens = randomBatch(chosen.config, 2, 4, chosen.number);
        const readout = Int32Array.of(3, 7);
        const [mask, cuts] = [maskOf(chosen), randomCuts(model, share, chosen.number)];
        const circuit = circuitCompiler(model)(mask, model.means, cuts);
        seen[circuit.wholePass === undefined ? "cone" : "whole"]++;
        const values = take(circuit.logits(tokens, readout));
        const inTwo = (model: Model) => {
          const { edit, dispose } = ablate(mask, model.means);
          const logits = take(runModel(model, tokens, { edit, readout, project: plainProjection(model, cuts) }));
          dispose();
          disposeModel(model);
          return logits;
        };
        const plain = inTwo(model);
        // Off by what roundings of the parameters amount to, where that is more: there no two programs agree.
        const noisy = inTwo(modelOf(chosen, 2 ** -24));
        const scale = Math.max(1, ...plain.map(Math.abs));
        const sensitivity = Math.max(...plain.map((value, i) => Math.abs(value - noisy[i]!)));
        const allowed = Math.max(1e-5 * scale, 20 * sensitivity);
        values.forEach((value, i) => expect(Math.abs(value - plain[i]!)).toBeLessThan(allowed));
      }),
      { numRuns },
    );
    // About one case in ten takes the whole pass: of two hundred, some do.
    expect(Math.min(seen.cone, seen.whole)).toBeGreaterThanOrEqual(numRuns >= 200 ? 1 : 0);
  });
});

test("what is remembered of one batch never shows in another circuit's logits", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(generalCases, fc.array(fc.nat(), { minLength: 4, maxLength: 12 }), (chosen, numbers) => {
      const model = modelOf(chosen);
      const tokens = randomBatch(chosen.config, 2, 4, chosen.number);
      const readout = Int32Array.of(3, 7);
      const compile = circuitCompiler(model);
      // A fractional gate makes every pass a whole one.
      const gates = new Map([...maskOf({ ...chosen, share: 1 })].map(([site, all]) => [site, all.fill(0.75)]));
      const sites = [...gates.keys()];
      let cuts: Cuts = new Map();
      for (const number of numbers) {
        // One more change anywhere, in place, and the same circuit twice.
        const site = sites[number % sites.length]!;
        gates.get(site)![number % gates.get(site)!.length] = (number % 5) / 4;
        if (number % 3 === 0) cuts = randomCuts(model, 0.3, number);
        const asked = compile(gates, model.means, cuts);
        const fresh = take(circuitCompiler(model)(gates, model.means, cuts).logits(tokens, readout));
        for (let times = 0; times < 3; times++) expect(take(asked.logits(tokens, readout))).toEqual(fresh);
      }
      disposeModel(model);
    }),
    { numRuns: 60 },
  );
});

test("leaves no tensor but its logits", async () => {
  await useBackend("wasm");
  const [chosen] = fc.sample(generalCases, { numRuns: 1, seed: 1 });
  const model = modelOf({ ...chosen!, share: 1 });
  const run = () => circuitCompiler(model)(maskOf({ ...chosen!, share: 1 }), model.means, randomCuts(model, 0.5, 1));
  const tokens = randomBatch(chosen!.config, 2, 3, 1);
  run().logits(tokens).dispose();
  const before = tf.memory().numTensors;
  run().logits(tokens).dispose();
  expect(tf.memory().numTensors).toBe(before);
  disposeModel(model);
});
