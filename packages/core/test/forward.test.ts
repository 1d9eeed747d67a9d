import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  crossEntropy,
  disposeModel,
  forward,
  freezeParameters,
  listParameters,
  listSites,
  nodeSites,
  Parameters,
  recordSites,
  runModel,
  siteAt,
  siteName,
  siteWidth,
  SparseMatrix,
  useBackend,
  type Activation,
  type ForwardOptions,
  type Model,
  type ModelConfig,
  type SiteName,
  type TokenBatch,
} from "../src/index.ts";
import { bits, randomBatch, randomValues, TINY, tinyModel } from "./support/tiny-model.ts";

/** The logits as one column of outputs per token. */
function columnsOf(model: Model, batch: TokenBatch, options: ForwardOptions = {}): Float32Array[] {
  return tf.tidy(() => {
    const logits = runModel(model, batch, options);
    const [outputs, tokens] = logits.shape;
    const values = logits.dataSync<"float32">();
    return Array.from({ length: tokens }, (_, t) =>
      Float32Array.from({ length: outputs }, (_, o) => values[o * tokens + t]!),
    );
  });
}

describe("on wasm", () => {
  beforeAll(() => useBackend("wasm"));

  test("the logits of a sequence do not depend on the sequences beside it, to the bit", () => {
    fc.assert(
      fc.property(
        fc.record({ seed: fc.nat(), sequences: fc.integer({ min: 1, max: 5 }), seq: fc.integer({ min: 1, max: 17 }) }),
        fc.boolean(),
        ({ seed, sequences, seq }, causal) => {
          const model = tinyModel(seed % 4, { causal });
          const batch = randomBatch(model.config, sequences, seq, seed);
          const together = columnsOf(model, batch);
          for (let b = 0; b < sequences; b++) {
            const ids = batch.ids.slice(b * seq, (b + 1) * seq);
            const alone = columnsOf(model, { ids, batch: 1, seq });
            alone.forEach((column, t) => expect(bits(column)).toEqual(bits(together[b * seq + t]!)));
          }
          disposeModel(model);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("panels of tokens give the logits of the plain pass, to the bit", () => {
    fc.assert(
      fc.property(
        fc.record({ seed: fc.nat(), batch: fc.integer({ min: 1, max: 4 }), seq: fc.integer({ min: 1, max: 20 }) }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom<Partial<ModelConfig>>(
          {},
          { positions: "concatenated", dPos: 5 },
          { positions: "none", norm: "layer", residualActivation: "relu", causal: false },
        ),
        ({ seed, batch, seq }, panel, changes) => {
          const model = tinyModel(seed % 4, changes);
          const tokens = randomBatch(model.config, batch, seq, seed);
          const before = tf.memory().numTensors;
          // An edit sees whole values, so a pass with one has no panels.
          const plain = columnsOf(model, tokens, { edit: (_, value) => value });
          for (const options of [{}, { panel }]) {
            columnsOf(model, tokens, options).forEach((column, t) => expect(bits(column)).toEqual(bits(plain[t]!)));
          }
          expect(tf.memory().numTensors).toBe(before);
          disposeModel(model);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("padding on the right never changes the columns before it in a causal model, to the bit", () => {
    fc.assert(
      fc.property(
        fc.record({ seed: fc.nat(), batch: fc.integer({ min: 1, max: 3 }), seq: fc.integer({ min: 1, max: 14 }) }),
        fc.integer({ min: 1, max: 10 }),
        ({ seed, batch, seq }, padding) => {
          const model = tinyModel(seed % 4);
          const short = randomBatch(model.config, batch, seq, seed);
          const long = randomBatch(model.config, batch, seq + padding, seed + 1);
          for (let b = 0; b < batch; b++) {
            long.ids.set(short.ids.subarray(b * seq, (b + 1) * seq), b * (seq + padding));
          }
          const expected = columnsOf(model, short);
          const padded = columnsOf(model, long);
          expected.forEach((column, n) => {
            const at = Math.floor(n / seq) * (seq + padding) + (n % seq);
            expect(bits(padded[at]!)).toEqual(bits(column));
          });
          disposeModel(model);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a readout gives the same columns, in its order", () => {
    const model = tinyModel(1);
    const batch = randomBatch(model.config, 3, 7, 1);
    const all = columnsOf(model, batch);
    const readout = Int32Array.of(20, 0, 6, 6, 13);
    columnsOf(model, batch, { readout }).forEach((column, j) => {
      expect(bits(column)).toEqual(bits(all[readout[j]!]!));
    });
    disposeModel(model);
  });

  test("a pattern that is only looked at changes nothing, to the bit", () => {
    for (const causal of [true, false]) {
      const model = tinyModel(2, { causal });
      const batch = randomBatch(model.config, 2, 9, 2);
      const fused = columnsOf(model, batch);
      columnsOf(model, batch, { patterns: new Set([0, 1]) }).forEach((column, n) => {
        expect(bits(column)).toEqual(bits(fused[n]!));
      });
      disposeModel(model);
    }
  });

  test("a later token matters to an earlier one exactly where the model is not causal", () => {
    for (const causal of [true, false]) {
      const model = tinyModel(3, { causal });
      const batch = randomBatch(model.config, 1, 6, 3);
      const changed = { ...batch, ids: batch.ids.with(5, (batch.ids[5]! + 1) % TINY.vocabSize) };
      const same = bits(columnsOf(model, batch)[2]!).join() === bits(columnsOf(model, changed)[2]!).join();
      expect(same).toBe(causal);
      disposeModel(model);
    }
  });

  test.each([
    ["attn_in", "attn.act_in"],
    ["attn_q", "attn.q"],
    ["attn_k", "attn.k"],
    ["attn_v", "attn.v"],
    ["attn_out", "attn.resid_delta"],
    ["mlp_in", "mlp.act_in"],
    ["mlp_neuron", "mlp.post_act"],
    ["mlp_out", "mlp.resid_delta"],
  ] as const)("AbsTopK at %s alone leaves a third of the channels of %s, and all elsewhere", (place, kind) => {
    const changes: Partial<ModelConfig>[] = [{}, { positions: "concatenated", dPos: 4 }];
    for (const change of changes) {
      const model = tinyModel(4, { ...change, afrac: 0.34, afracLoctypes: [place] });
      const seen = new Map<SiteName, Activation>();
      const edit = recordSites(nodeSites(TINY), seen);
      runModel(model, randomBatch(model.config, 1, 1, 4), { edit }).dispose();
      // A bias keeps every other value from being exactly 0.
      const selected = [...seen].filter(([, { values }]) => values.includes(0));
      expect(selected.map(([site]) => site)).toEqual([siteAt(0, kind), siteAt(1, kind)]);
      for (const [site, { channels, values }] of selected) {
        expect(channels).toBe(siteWidth(model.config, site));
        expect(values.filter((value) => value !== 0)).toHaveLength(Math.floor(0.34 * channels));
      }
      disposeModel(model);
    }
  });

  test("AbsTopK in the residual stream leaves a third of it after the sublayer that it follows", () => {
    for (const [place, kind] of [
      ["resid_post_attn", "resid_mid"],
      ["resid_post_mlp", "resid_in"],
    ] as const) {
      const model = tinyModel(4, { afrac: 0.34, afracLoctypes: [place] });
      const seen = new Map<SiteName, Activation>();
      const sites = [siteAt(0, "resid_mid"), siteAt(1, "resid_in"), siteAt(1, "resid_mid"), siteName("final_resid")];
      runModel(model, randomBatch(model.config, 1, 1, 4), { edit: recordSites(sites, seen) }).dispose();
      const left = sites.map((site) => seen.get(site)!.values.filter((value) => value !== 0).length);
      expect(left).toEqual(kind === "resid_mid" ? [3, 11, 3, 11] : [11, 3, 11, 3]);
      disposeModel(model);
    }
  });

  test("a relu on the residual stream acts on the sum, after each sublayer and not before the first", () => {
    const model = tinyModel(4, { residualActivation: "relu", afrac: null });
    const seen = new Map<SiteName, Activation>();
    runModel(model, randomBatch(model.config, 2, 5, 4), { edit: recordSites(listSites(2), seen) }).dispose();
    const at = (name: string) => seen.get(siteName(name))!.values;
    expect(Math.min(...at("0.resid_in"))).toBeLessThan(0);
    for (const [before, delta, after] of [
      ["0.resid_in", "0.attn.resid_delta", "0.resid_mid"],
      ["0.resid_mid", "0.mlp.resid_delta", "1.resid_in"],
      ["1.resid_mid", "1.mlp.resid_delta", "final_resid"],
    ] as const) {
      expect(at(after)).toEqual(at(before).map((value, i) => Math.max(0, Math.fround(value + at(delta)[i]!))));
    }
    disposeModel(model);
  });

  test("the last channels that sublayers read are the position, and the residual stream does not hold it", () => {
    const model = tinyModel(8, { positions: "concatenated", dPos: 3, afrac: null });
    const ids = new Int32Array(6).fill(2);
    const seen = new Map<SiteName, Activation>();
    const sites = [siteName("embed"), siteAt(0, "attn.act_in"), siteAt(0, "mlp.act_in")];
    runModel(model, { ids, batch: 2, seq: 3 }, { edit: recordSites(sites, seen) }).dispose();
    const column = (site: SiteName, token: number) => {
      const { channels, tokens, values } = seen.get(site)!;
      return Array.from({ length: channels }, (_, c) => values[c * tokens + token]!);
    };
    expect(column(sites[0]!, 0)).toEqual(column(sites[0]!, 1));
    for (const site of sites.slice(1)) {
      expect(column(site, 0)).toHaveLength(14);
      expect(column(site, 0).slice(11)).not.toEqual(column(site, 1).slice(11));
      expect(column(site, 0)).toEqual(column(site, 3)); // the same position of the other sequence
    }
    expect(column(sites[1]!, 0).slice(0, 11)).toEqual(column(sites[1]!, 1).slice(0, 11));
    disposeModel(model);
  });

  test("an untied model with the embedding as its unembedding is the tied one, to the bit", () => {
    const tied = tinyModel(9, { tiedUnembed: true });
    const values = new Map(randomValues(tied.config, 9));
    const config: ModelConfig = { ...tied.config, tiedUnembed: false };
    const parameters = freezeParameters(config, values.set("lm_head.weight", values.get("transformer.wte.weight")!));
    const untied: Model = { ...tied, config, parameters };
    const batch = randomBatch(config, 2, 5, 9);
    const expected = columnsOf(untied, batch);
    columnsOf(tied, batch).forEach((column, n) => expect(bits(column)).toEqual(bits(expected[n]!)));
    disposeModel(tied);
    disposeModel(untied);
  });

  test("runs leave nothing but the logits", () => {
    const before = tf.memory().numTensors;
    const model = tinyModel(5);
    const loaded = tf.memory().numTensors;
    const logits = runModel(model, randomBatch(model.config, 2, 8, 5), {
      edit: (_, value) => tf.mul(value, 1),
      patterns: new Set([1]),
      readout: Int32Array.of(0, 15),
    });
    expect(logits.shape).toEqual([TINY.outSize, 2]);
    expect(tf.memory().numTensors).toBe(loaded + 1);
    logits.dispose();
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    ["an empty sequence", { ids: new Int32Array(0), batch: 1, seq: 0 }, {}, /sequence of 0 tokens.*1 to 24/],
    ["a sequence longer than the block", { ids: new Int32Array(25), batch: 1, seq: 25 }, {}, /25 tokens.*1 to 24/],
    ["too few ids", { ids: new Int32Array(5), batch: 2, seq: 3 }, {}, /5 token ids: 2 sequences of 3 have 6/],
    ["an id outside the vocabulary", { ids: Int32Array.of(0, 13), batch: 1, seq: 2 }, {}, /token id 13.*0 to 12/],
    ["a negative id", { ids: Int32Array.of(0, -1), batch: 1, seq: 2 }, {}, /token id -1/],
    [
      "a column that is not there",
      { ids: new Int32Array(2), batch: 1, seq: 2 },
      { readout: Int32Array.of(2) },
      /column 2/,
    ],
  ])("%s is refused and leaks nothing", (_, batch, options, message) => {
    const model = tinyModel(6);
    const before = tf.memory().numTensors;
    expect(() => runModel(model, batch, options)).toThrow(message);
    expect(() => runModel(model, batch, options)).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(before);
    disposeModel(model);
  });
});

test.each<[string, Partial<ModelConfig>]>([
  ["the published kind", {}],
  ["layer norm, tied, both ways", { norm: "layer", tiedUnembed: true, causal: false, sink: false }],
  [
    "layer norm without bias, concatenated positions",
    { norm: "layer", lnBias: false, positions: "concatenated", dPos: 3 },
  ],
  ["waves, no biases", { positions: "sinusoidal", dPos: 4, bias: false }],
])("the gradient of every parameter agrees between the backends and with a step along it: %s", async (_, changes) => {
  // Nothing that jumps: AbsTopK selects other channels along the way.
  const config: ModelConfig = { ...TINY, ...changes, afrac: null };
  const values = randomValues(config, 7);
  const trained = listParameters(config).filter((spec) => spec.trained);
  const batch = randomBatch(config, 2, 6, 7);
  const targets = randomBatch(config, 2, 6, 8).ids;

  const differentiate = () => {
    const before = tf.memory().numTensors;
    const dense = tf.tensor2d(values.get("bigram_table")!, [13, 13]);
    const table = SparseMatrix.fromDense(dense);
    dense.dispose();
    const loss = (...given: tf.Tensor[]) => {
      const tensors = new Map<string, tf.Tensor | SparseMatrix>([["bigram_table", table]]);
      trained.forEach(({ name }, i) => tensors.set(name, given[i]!));
      return crossEntropy(forward(config, new Parameters(tensors), batch), tf.tensor1d(targets, "int32"));
    };
    const tensors = trained.map(({ name, shape }) => tf.tensor(values.get(name)!.slice(), shape as number[]));
    const result = tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads(loss)(tensors, tf.ones([12]));
      const gradients = grads.map((gradient) => gradient.dataSync<"float32">().slice());
      // One small step against each gradient by turns: the loss must fall by step · |gradient|².
      const total = (losses: tf.Tensor) => losses.dataSync<"float32">().reduce((sum, one) => sum + one, 0);
      const falls = tensors.map((tensor, i) => {
        const square = gradients[i]!.reduce((sum, g) => sum + g * g, 0);
        const step = 0.004 / Math.sqrt(square);
        const along = (sign: number) => total(loss(...tensors.with(i, tf.add(tensor, tf.mul(grads[i]!, sign * step)))));
        return (along(1) - along(-1)) / (2 * step * square);
      });
      return { loss: total(value), gradients, falls };
    });
    tf.dispose(tensors);
    table.dispose();
    expect(tf.memory().numTensors).toBe(before);
    return result;
  };

  await useBackend("wasm");
  const fast = differentiate();
  await useBackend("cpu");
  const plain = differentiate();
  expect(fast.loss).toBeCloseTo(plain.loss, 3);
  for (const [i, { name }] of trained.entries()) {
    const largest = Math.max(...plain.gradients[i]!.map(Math.abs));
    const off = Math.max(...plain.gradients[i]!.map((g, j) => Math.abs(g - fast.gradients[i]![j]!)));
    expect(off / largest, name).toBeLessThan(1e-3);
    for (const { falls } of [fast, plain]) expect(falls[i], name).toBeCloseTo(1, 1);
  }
});
