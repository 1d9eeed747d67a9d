import fc from "fast-check";
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ablate,
  circuitCompiler,
  disposeModel,
  InputError,
  loadModel,
  maskOfNodes,
  nodeId,
  parseNodeFile,
  randomStream,
  runModel,
  seed,
  siteAt,
  siteName,
  SUBLAYER_LOCTYPES,
  useBackend,
  type BackendName,
  type CompiledCircuit,
  type Model,
  type ModelConfig,
  type NodeMask,
  type RandomStream,
  type SiteName,
  type TokenBatch,
} from "../../src/index.ts";
import { randomBatch, TINY } from "../support/tiny-model.ts";
import { generalCases, maskOf, modelOf, tyingCases, type Case } from "./random-circuit.ts";
import { difference, expectOnlyLogits, take } from "../support/logits.ts";

/** Relative to the largest logit. */
const TOLERANCE = 1e-5;

const size = fc.integer({ min: 1, max: 6 });

/** The logits of the whole pass. */
function ablated(model: Model, mask: NodeMask, tokens: TokenBatch, readout: Int32Array): Float32Array {
  const { edit, dispose } = ablate(mask, model.means);
  const values = take(runModel(model, tokens, { edit, readout }));
  dispose();
  return values;
}

/** Half a unit in the last place of single precision, relative. */
const ROUNDING = 2 ** -24;

/**
 * How far the whole pass itself is off when every parameter is off by a rounding. It is large where a norm blows up a
 * vector of almost nothing, and where magnitudes almost tie: there no two programs agree.
 */
function sensitivity(chosen: Case, tokens: TokenBatch, readout: Int32Array, exact: Float32Array): number {
  const model = modelOf(chosen, ROUNDING);
  const values = ablated(model, maskOf(chosen), tokens, readout);
  disposeModel(model);
  return difference(values, exact);
}

/**
 * Compares a random circuit with the whole pass, reading each sequence's last token.
 *
 * @param rounds whether the model's own sums round
 */
function compare(chosen: Case, batch: number, seq: number, rounds: boolean): CompiledCircuit {
  const model = modelOf(chosen);
  const tokens = randomBatch(chosen.config, batch, seq, chosen.number);
  const readout = Int32Array.from({ length: batch }, (_, b) => b * seq + seq - 1);
  const mask = maskOf(chosen);
  const circuit = circuitCompiler(model)(mask);
  const values = take(circuit.logits(tokens, readout));
  const whole = ablated(model, mask, tokens, readout);
  const allowed = rounds ? Math.max(TOLERANCE, 20 * sensitivity(chosen, tokens, readout, whole)) : TOLERANCE;
  expect(difference(values, whole)).toBeLessThan(allowed);
  disposeModel(model);
  return circuit;
}

describe.each<[BackendName, number]>([
  ["wasm", 300],
  ["cpu", 100],
])("on the %s backend", (backend, numRuns) => {
  beforeAll(() => useBackend(backend));

  test("a circuit gives the logits of the whole pass, whatever the model", () => {
    fc.assert(
      fc.property(generalCases, size, size, (chosen, batch, seq) => {
        const { wholePass } = compare(chosen, batch, seq, true);
        expect(wholePass === undefined || chosen.config.norm === "layer" || chosen.share > 0.1).toBe(true);
      }),
      { numRuns },
    );
  });

  test("ties go to the same channels as in the whole pass", () => {
    fc.assert(
      fc.property(tyingCases, size, (chosen, batch) => {
        const { wholePass } = compare(chosen, batch, 1, false);
        expect(wholePass === undefined || chosen.share > 0.1).toBe(true);
      }),
      { numRuns },
    );
  });
});

test("a few nodes that are read near AbsTopK's cut are selected for the same tokens as in the whole pass", async () => {
  await useBackend("wasm");
  const config: ModelConfig = { ...TINY, nLayer: 1, dModel: 96, dMlp: 3, positions: "none", afracLoctypes: ["mlp_in"] };
  const sites = {
    read: siteAt(0, "mlp.act_in"),
    neurons: siteAt(0, "mlp.post_act"),
    written: siteAt(0, "mlp.resid_delta"),
  };
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 95 }), fc.boolean(), (number, channel, coarse) => {
      const model = modelOf({ config, coarse, share: 0, number });
      const nodes = [0, 7, 31].map((step) => nodeId(sites.read, (channel + step) % 96));
      nodes.push(...[0, 1, 2].map((neuron) => nodeId(sites.neurons, neuron)), nodeId(sites.written, channel));
      const tokens = { ids: Int32Array.from({ length: config.vocabSize }, (_, id) => id), batch: 13, seq: 1 };
      const readout = tokens.ids;
      const mask = maskOfNodes(config, nodes);
      const values = take(circuitCompiler(model)(mask).logits(tokens, readout));
      expect(difference(values, ablated(model, mask, tokens, readout))).toBeLessThan(TOLERANCE);
      disposeModel(model);
    }),
    { numRuns: 200 },
  );
});

test("what is remembered of other circuits in the same batches changes no bit", async () => {
  await useBackend("wasm");
  fc.assert(
    fc.property(generalCases, size, fc.integer({ min: 2, max: 5 }), (chosen, batch, seq) => {
      const model = modelOf(chosen);
      const random = randomStream(seed(chosen.number), "test/remembered");
      const batches = [1, 2].map((number) => randomBatch(chosen.config, batch, seq, number));
      const fills = [model.means, new Map([...model.means].map(([site, means]) => [site, means.map((x) => x / 2)]))];
      const compile = circuitCompiler(model);
      let mask = maskOf(chosen);
      for (let step = 0; step < 12; step++) {
        // Sometimes back to the start, as a search does that tries one node after the other.
        mask = random.integer(4) === 0 ? maskOf(chosen) : switched(mask, random);
        const fill = fills[Number(random.integer(4) === 0)]!;
        const tokens = batches[random.integer(2)]!;
        if (random.integer(6) === 0) tokens.ids.reverse();
        const alone = circuitCompiler(model)(mask, fill).logits(tokens);
        expect(take(compile(mask, fill).logits(tokens))).toEqual(take(alone));
      }
      disposeModel(model);
    }),
    { numRuns: 100 },
  );
});

/** One node opened or shut. */
function switched(mask: NodeMask, random: RandomStream): NodeMask {
  const [site, gates] = [...mask][random.integer(mask.size)]!;
  const channel = random.integer(gates.length);
  return new Map([...mask, [site, gates.map((gate, c) => (c === channel ? 1 - gate : gate))]]);
}

describe("a compiled circuit", () => {
  beforeEach(() => useBackend("wasm"));
  const chosen: Case = { config: TINY, coarse: false, share: 0.3, number: 5 };

  test("reads any columns in any order, and all of them where none are named", () => {
    const model = modelOf(chosen);
    const tokens = randomBatch(TINY, 3, 4, 1);
    const mask = maskOf(chosen);
    const circuit = circuitCompiler(model)(mask);
    const some = Int32Array.of(11, 2, 2, 7);
    expect(difference(take(circuit.logits(tokens, some)), ablated(model, mask, tokens, some))).toBeLessThan(TOLERANCE);
    const all = Int32Array.from(tokens.ids.keys());
    expect(difference(take(circuit.logits(tokens)), ablated(model, mask, tokens, all))).toBeLessThan(TOLERANCE);
    disposeModel(model);
  });

  test.each([true, false])("runs sequences of any lengths one after the other (causal: %s)", (causal) => {
    const config = { ...TINY, causal };
    const model = modelOf({ ...chosen, config });
    const mask = maskOf({ ...chosen, config });
    const circuit = circuitCompiler(model)(mask);
    for (const seq of [3, 4, 9, 2, 24, 9]) {
      const tokens = randomBatch(config, 2, seq, seq);
      const readout = Int32Array.of(2 * seq - 1, 0);
      expect(difference(take(circuit.logits(tokens, readout)), ablated(model, mask, tokens, readout))).toBeLessThan(
        TOLERANCE,
      );
    }
    disposeModel(model);
  });

  test("runs a large batch in parts", () => {
    const model = modelOf(chosen);
    const tokens = randomBatch(TINY, 750, 24, 1); // 18,000 tokens
    const mask = maskOf(chosen);
    const readout = Int32Array.of(17_999, 0, 16_383, 16_384);
    const values = take(circuitCompiler(model)(mask).logits(tokens, readout));
    expect(difference(values, ablated(model, mask, tokens, readout))).toBeLessThan(TOLERANCE);
    disposeModel(model);
  });

  test("leaves no tensor but its logits", () => {
    const model = modelOf(chosen);
    const run = () => circuitCompiler(model)(maskOf(chosen)).logits(randomBatch(TINY, 2, 3, 1));
    expectOnlyLogits(run);
    disposeModel(model);
  });

  test("refuses what the whole pass refuses", () => {
    const model = modelOf(chosen);
    const compile = circuitCompiler(model);
    expect(() => compile(maskOf(chosen), new Map())).toThrow(InputError);
    const circuit = compile(maskOf(chosen));
    expect(() => circuit.logits({ ids: Int32Array.of(TINY.vocabSize), batch: 1, seq: 1 })).toThrow(RangeError);
    expect(() => circuit.logits(randomBatch(TINY, 1, 2, 1), Int32Array.of(2))).toThrow(RangeError);
    disposeModel(model);
  });
});

describe("the whole pass is run, and gives the same,", () => {
  beforeEach(() => useBackend("wasm"));

  function expectWhole(changes: Partial<ModelConfig>, reason: RegExp, more: [SiteName, Float32Array][] = []): void {
    const chosen: Case = { config: { ...TINY, ...changes }, coarse: false, share: 0.3, number: 1 };
    const model = modelOf(chosen);
    const mask = new Map([...maskOf(chosen), ...more]);
    const means = new Map([...model.means, ...more.map(([site, gates]) => [site, gates.map(() => 0.1)] as const)]);
    const tokens = randomBatch(chosen.config, 2, 4, 1);
    const circuit = circuitCompiler({ ...model, means })(mask);
    expect(circuit.wholePass).toMatch(reason);
    const readout = Int32Array.of(7, 3);
    expect(take(circuit.logits(tokens, readout))).toEqual(ablated({ ...model, means }, mask, tokens, readout));
    expect(() => circuitCompiler(model)(mask, new Map())).toThrow(InputError);
    disposeModel(model);
  }

  test.each(["resid_post_attn", "resid_post_mlp"] as const)("where AbsTopK acts at %s", (place) => {
    expectWhole({ afracLoctypes: [...SUBLAYER_LOCTYPES, place] }, /residual stream/u);
  });

  test.each(["attn_in", "mlp_in"] as const)("where AbsTopK follows layer norm at %s", (place) => {
    expectWhole({ norm: "layer", afracLoctypes: [place] }, /layer norm/u);
  });

  test("where gates are neither open nor shut", () => {
    expectWhole({}, /neither open nor shut/u, [[siteAt(0, "attn.q"), new Float32Array(6).fill(0.5)]]);
  });

  test("where a site is ablated that has no nodes", () => {
    expectWhole({}, /no nodes/u, [[siteName("final_resid"), new Float32Array(11)]]);
  });
});

describe("in the example's model", () => {
  const example = (...path: string[]) => new URL(["../../../../examples", ...path].join("/"), import.meta.url);
  const open = () => loadModel(example("models", "python-small").pathname);

  test("the pruned circuit of the example gives the logits of the whole pass", async () => {
    const model = await open();
    const file = parseNodeFile(readFileSync(example("quotes", "quotes.nodes.json"), "utf8"), "quotes.nodes.json");
    const nodes = Object.entries(file.nodes).flatMap(([site, channels]) =>
      channels.map((channel) => nodeId(siteName(site), channel)),
    );
    const mask = maskOfNodes(model.config, nodes);
    const tokens = randomBatch(model.config, 16, 64, 1);
    const readout = Int32Array.from({ length: 16 }, (_, b) => 64 * b + 4 * b + 3);
    const circuit = circuitCompiler(model)(mask);
    expect(circuit.wholePass).toBeUndefined();
    expect(difference(take(circuit.logits(tokens, readout)), ablated(model, mask, tokens, readout))).toBeLessThan(
      TOLERANCE,
    );
    disposeModel(model);
  });

  test("a circuit of the whole model is left to the whole pass", async () => {
    const model = await open();
    expect(circuitCompiler(model)(new Map()).wholePass).toMatch(/too large/u);
    disposeModel(model);
  });
});
