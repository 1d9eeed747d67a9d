import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  circuitResampler,
  disposeModel,
  listParameters,
  loadModel,
  maskOfNodes,
  nodeId,
  nodeSites,
  normedSite,
  normScales,
  parseNodeFile,
  randomStream,
  recordSites,
  replaceChannels,
  runModel,
  seed,
  siteAt,
  siteName,
  siteWidth,
  SUBLAYER_LOCTYPES,
  useBackend,
  type Activation,
  type BackendName,
  type EdgeCuts,
  type Model,
  type NodeMask,
  type NormScales,
  type Project,
  type SiteName,
  type TokenBatch,
} from "../../src/index.ts";
import { generalCases, maskOf, modelOf, tyingCases, type Case } from "../cone/random-circuit.ts";
import { randomBatch, TINY } from "../support/tiny-model.ts";
import { difference, expectOnlyLogits, take } from "../support/logits.ts";

/** Relative to the largest logit. */
const TOLERANCE = 1e-5;
/** Half a unit in the last place of single precision, relative. */
const ROUNDING = 2 ** -24;

const size = fc.integer({ min: 1, max: 6 });

/** The case with a model whose circuits are run among donors without a whole pass. */
function correctable(chosen: Case): Case {
  const { norm, positions } = chosen.config;
  const isApart = positions === "concatenated" || positions === "sinusoidal";
  const config = { norm: norm === "layer" ? "rms" : norm, positions: isApart ? "added" : positions, dPos: 0 } as const;
  return { ...chosen, config: { ...chosen.config, ...config } };
}

/** The scales of the undisturbed run: of all columns, or of those that are read where a pass sees no others. */
function heldNorms(model: Model, tokens: TokenBatch, readout: Int32Array): NormScales {
  const { nLayer, norm } = model.config;
  const own = new Map<SiteName, Activation>();
  const sites = Array.from({ length: nLayer }, (_, i) => [siteAt(i, "resid_in"), siteAt(i, "resid_mid")]);
  const edit = recordSites([...sites.flat(), siteName("final_resid")], own);
  runModel(model, tokens, { edit }).dispose();
  return (name, x) => {
    const site = normedSite(name);
    if (norm === "none" || site === undefined) return undefined;
    const { channels, tokens: columns, values } = own.get(site)!;
    const scales = normScales(norm, tf.tensor2d(values, [channels, columns]));
    const isNarrow =
      name === "transformer.ln_f" || (name === `transformer.h.${nLayer - 1}.ln_2` && x.shape[1] !== columns);
    return isNarrow ? tf.gather(scales, tf.tensor1d(readout, "int32")) : scales;
  };
}

const READS = { c_attn: "attn.act_in", c_proj: "attn.y", c_fc: "mlp.act_in" } as const;

/** The site whose values a matrix multiplies. */
function readBy(matrix: string): SiteName {
  const [, layer, part, name] = /^transformer\.h\.(\d+)\.(attn|mlp)\.(c_attn|c_proj|c_fc)$/u.exec(matrix)!;
  const kind = part === "mlp" && name === "c_proj" ? "mlp.post_act" : READS[name as keyof typeof READS];
  return siteAt(Number(layer), kind);
}

/** Each product as two dense ones: of the weights that are kept and what is there, of those cut and what donors show. */
function projectCut(model: Model, cuts: EdgeCuts, donated: ReadonlyMap<SiteName, Activation>): Project {
  const { parameters } = model;
  return (x, name) => {
    const matrix = parameters.matrix(`${name}.weight`);
    const dense = matrix instanceof tf.Tensor ? (matrix as tf.Tensor2D) : matrix.toDense();
    const { values, channels, tokens } = donated.get(readBy(name))!;
    const isCut = Float32Array.from({ length: dense.size }, (_, place) => Number(cuts.get(name)?.has(place) ?? false));
    const cut = tf.mul(dense, tf.tensor2d(isCut, dense.shape as [number, number]));
    const sum = tf.add(
      tf.matMul(tf.sub(dense, cut) as tf.Tensor2D, x),
      tf.matMul(cut as tf.Tensor2D, tf.tensor2d(values, [channels, tokens])),
    );
    const bias = parameters.optional(`${name}.bias`);
    return (bias ? tf.add(sum, tf.reshape(bias, [-1, 1])) : sum) as tf.Tensor2D;
  };
}

/** The plain way: a whole pass of the donors, and one of the references in which everything is computed, then replaced. */
function resampled(
  model: Model,
  keep: NodeMask,
  tokens: TokenBatch,
  donors: Int32Array,
  readout: Int32Array,
  { normsHeld = false, cuts }: { readonly normsHeld?: boolean; readonly cuts?: EdgeCuts } = {},
): Float32Array {
  const donated = new Map<SiteName, Activation>();
  const mixes = Array.from({ length: model.config.nLayer }, (_, layer) => siteAt(layer, "attn.y"));
  const edit = recordSites([...nodeSites(model.config), ...mixes], donated);
  runModel(model, { ...tokens, ids: donors }, { edit }).dispose();
  const norms = normsHeld ? heldNorms(model, tokens, readout) : undefined;
  const options = { edit: replaceChannels(keep, donated), readout, ...(norms && { norms }) };
  return take(runModel(model, tokens, { ...options, ...(cuts && { project: projectCut(model, cuts, donated) }) }));
}

/** Of each matrix of a model some weights, zero or not: a third, all or none of them. */
function cutsOf({ config, number }: Case): EdgeCuts {
  const random = randomStream(seed(number), "test/cuts");
  return new Map(
    listParameters(config)
      .filter(({ name }) => /\.c_\w+\.weight$/u.test(name))
      .map(({ name, shape }) => {
        const share = [1 / 3, 1 / 3, 1, 0][random.integer(4)]!;
        const places = Array.from({ length: shape[0]! * shape[1]! }, (_, place) => place);
        return [name.replace(".weight", ""), new Set(places.filter(() => random.uniform() < share))] as const;
      })
      .filter(([, places]) => places.size > 0),
  );
}

function compare(
  chosen: Case,
  batch: number,
  seq: number,
  rounds: boolean,
  how: { readonly normsHeld?: boolean; readonly cuts?: EdgeCuts } = {},
): void {
  const model = modelOf(chosen);
  const tokens = randomBatch(chosen.config, batch, seq, chosen.number);
  const donors = randomBatch(chosen.config, batch, seq, chosen.number + 1).ids;
  const readout = Int32Array.from({ length: batch }, (_, b) => b * seq + ((seq - 1) >> (b % 2)));
  const mask = maskOf(chosen);
  const values = take(
    circuitResampler(model)({
      references: tokens,
      donors,
      readout,
      ...(how.normsHeld && { norms: heldNorms(model, tokens, readout) }),
    }).logits(mask, how.cuts),
  );
  const whole = resampled(model, mask, tokens, donors, readout, how);
  let allowed = TOLERANCE;
  if (rounds) {
    // Where a norm blows up a vector of almost nothing, and where magnitudes almost tie, no two programs agree.
    const off = modelOf(chosen, ROUNDING);
    allowed = Math.max(TOLERANCE, 20 * difference(resampled(off, mask, tokens, donors, readout, how), whole));
    disposeModel(off);
  }
  expect(difference(values, whole)).toBeLessThan(allowed);
  disposeModel(model);
}

describe.each<[BackendName, number]>([
  ["wasm", 60],
  ["cpu", 20],
])("on the %s backend", (backend, numRuns) => {
  beforeAll(() => useBackend(backend));

  test("a circuit among donors gives the logits of the whole pass", () => {
    fc.assert(
      fc.property(generalCases.map(correctable), size, size, fc.boolean(), (chosen, batch, seq, normsHeld) => {
        compare(chosen, batch, seq, true, { normsHeld });
      }),
      { numRuns },
    );
  });

  test("so it does in models of all options", () => {
    fc.assert(
      fc.property(generalCases, size, size, fc.boolean(), (chosen, batch, seq, normsHeld) => {
        compare(chosen, batch, seq, true, { normsHeld });
      }),
      { numRuns: 20 },
    );
  });

  test("a cut edge carries what its source shows in the donor's run", () => {
    const cases = fc.oneof(generalCases.map(correctable), generalCases);
    fc.assert(
      fc.property(cases, size, size, fc.boolean(), (chosen, batch, seq, normsHeld) => {
        compare(chosen, batch, seq, true, { normsHeld, cuts: cutsOf(chosen) });
      }),
      { numRuns },
    );
  });

  test("ties go to the same channels as in the whole pass", () => {
    fc.assert(
      fc.property(tyingCases.map(correctable), size, (chosen, batch) => compare(chosen, batch, 1, false)),
      { numRuns },
    );
  });
});

describe("runs among donors", () => {
  beforeEach(() => useBackend("wasm"));
  const chosen: Case = { config: TINY, coarse: false, share: 0.2, number: 5 };
  const nothing = maskOfNodes(TINY, []);
  const everything = new Map(nodeSites(TINY).map((site) => [site, new Float32Array(siteWidth(TINY, site)).fill(1)]));
  const tokens = randomBatch(TINY, 3, 4, 1);
  const readout = Int32Array.of(11, 3, 6);

  test("with itself for a donor and no circuit, a run is the undisturbed one to the bit", () => {
    const model = modelOf(chosen);
    const undisturbed = take(runModel(model, tokens, { readout }));
    const runs = circuitResampler(model)({ references: tokens, donors: tokens.ids, readout });
    expect(take(runs.logits(nothing))).toEqual(undisturbed);
    disposeModel(model);
  });

  test("where the circuit is the whole model, donors do not matter", () => {
    const model = modelOf(chosen);
    const undisturbed = take(runModel(model, tokens, { readout }));
    const runs = circuitResampler(model)({ references: tokens, donors: randomBatch(TINY, 3, 4, 2).ids, readout });
    expect(difference(take(runs.logits(everything)), undisturbed)).toBeLessThan(TOLERANCE);
    disposeModel(model);
  });

  test("run any circuits in any order, with AbsTopK on the stream too", () => {
    const config = { ...TINY, afracLoctypes: [...SUBLAYER_LOCTYPES, "resid_post_mlp" as const] };
    for (const each of [chosen, { ...chosen, config }]) {
      const model = modelOf(each);
      const donors = randomBatch(TINY, 3, 4, 2).ids;
      const runs = circuitResampler(model)({ references: tokens, donors, readout });
      const masks = [0.1, 0.9, 0.1, 0].map((share, i) => maskOf({ ...each, share, number: i % 2 }));
      for (const mask of [...masks, ...masks.toReversed()]) {
        const whole = resampled(model, mask, tokens, donors, readout);
        expect(difference(take(runs.logits(mask)), whole)).toBeLessThan(TOLERANCE);
      }
      disposeModel(model);
    }
  });

  test("give a reference the same bits in any batch", () => {
    for (let number = 0; number < 24; number++) {
      const each = { ...chosen, config: { ...TINY, dHead: 6, afrac: 0.25 }, share: 0.4, number };
      const model = modelOf(each);
      const all = randomBatch(TINY, 5, 7, number);
      // Some tokens are the donor's too, so that what differs in one sequence does not in another.
      const donors = all.ids.map((id, t) => ((t * 7 + number) % 3 === 0 ? (id + 1 + t) % TINY.vocabSize : id));
      const resampler = circuitResampler(model);
      // Padded with other tokens, and in company.
      const together = resampler({
        references: all,
        donors,
        readout: Int32Array.from({ length: 5 }, (_, b) => 7 * b + 4),
      });
      const logits = take(together.logits(maskOf(each)));
      for (let b = 0; b < 5; b++) {
        const own = (ids: Int32Array) => ids.slice(7 * b, 7 * b + 5);
        const references = { ids: own(all.ids), batch: 1, seq: 5 };
        const alone = resampler({ references, donors: own(donors), readout: Int32Array.of(4) }).logits(maskOf(each));
        expect(take(alone)).toEqual(logits.filter((_, i) => i % 5 === b));
      }
      disposeModel(model);
    }
  });

  test("leave no tensor but their logits", () => {
    const model = modelOf(chosen);
    const run = () =>
      circuitResampler(model)({
        references: tokens,
        donors: tokens.ids,
        readout,
        norms: heldNorms(model, tokens, readout),
      }).logits(maskOf(chosen));
    expectOnlyLogits(run);
    disposeModel(model);
  });

  test("refuse donors of other lengths, and columns that are not there", () => {
    const model = modelOf(chosen);
    const resampler = circuitResampler(model);
    expect(() => resampler({ references: tokens, donors: tokens.ids.subarray(1), readout })).toThrow(
      /11 token ids of donors for 12/u,
    );
    expect(() => resampler({ references: tokens, donors: tokens.ids, readout: Int32Array.of(12) })).toThrow(RangeError);
    expect(() => resampler({ references: tokens, donors: tokens.ids.map(() => TINY.vocabSize), readout })).toThrow(
      RangeError,
    );
    disposeModel(model);
  });

  test("the circuit of the example gives the logits of the whole pass", async () => {
    const example = (path: string) => new URL(`../../../../examples/${path}`, import.meta.url);
    const model = await loadModel(example("models/python-small").pathname);
    const file = parseNodeFile(readFileSync(example("quotes/quotes.nodes.json"), "utf8"), "quotes.nodes.json");
    const nodes = Object.entries(file.nodes).flatMap(([site, channels]) =>
      channels.map((c) => nodeId(siteName(site), c)),
    );
    const mask = maskOfNodes(model.config, nodes);
    const tokens = randomBatch(model.config, 16, 20, 1);
    const donors = randomBatch(model.config, 16, 20, 2).ids;
    const readout = Int32Array.from({ length: 16 }, (_, b) => 20 * b + 19 - b);
    const runs = circuitResampler(model)({ references: tokens, donors, readout });
    const recorded = runs.bytes;
    // All but the circuit is so large a part of the model that the whole pass is run.
    for (const keep of [mask, new Map([...mask].map(([site, gates]) => [site, gates.map((gate) => 1 - gate)]))]) {
      const whole = resampled(model, keep, tokens, donors, readout);
      expect(difference(take(runs.logits(keep)), whole)).toBeLessThan(TOLERANCE);
    }
    // What circuits ask for is kept beside the recordings, once.
    expect(runs.bytes).toBeGreaterThan(recorded);
    expect(runs.bytes).toBeLessThan(3 * recorded);
    disposeModel(model);
  });
});
