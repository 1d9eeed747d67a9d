import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatConfig,
  InputError,
  listSites,
  LOCTYPES,
  parseConfig,
  parseForeignConfig,
  siteName,
  siteWidth,
  type ModelConfig,
} from "../src/index.ts";
import { TINY } from "./support/tiny-model.ts";

const size = fc.integer({ min: 1, max: 4096 });
const positions: fc.Arbitrary<Pick<ModelConfig, "positions" | "dPos">> = fc.oneof(
  fc.record({ positions: fc.constantFrom("added", "none"), dPos: fc.constant(0) }),
  fc.record({ positions: fc.constantFrom("concatenated", "sinusoidal"), dPos: fc.constantFrom(2, 6, 32) }),
);
const options: fc.Arbitrary<Omit<ModelConfig, "positions" | "dPos">> = fc.record({
  nLayer: size,
  nHead: size,
  dHead: size,
  dModel: size,
  dMlp: size,
  vocabSize: size,
  outSize: size,
  blockSize: size,
  bias: fc.boolean(),
  norm: fc.constantFrom("rms", "layer", "none"),
  lnBias: fc.boolean(),
  causal: fc.boolean(),
  activation: fc.constantFrom("gelu", "relu"),
  residualActivation: fc.constantFrom("identity", "relu"),
  afrac: fc.option(fc.double({ min: 0.001, max: 1, noNaN: true })),
  afracLoctypes: fc.subarray([...LOCTYPES]),
  sink: fc.boolean(),
  bigram: fc.boolean(),
  tiedUnembed: fc.boolean(),
});
const configs: fc.Arbitrary<ModelConfig> = fc.tuple(options, positions).map(([config, position]) => {
  const tiedUnembed = config.tiedUnembed && config.outSize === config.vocabSize;
  return { ...config, ...position, tiedUnembed };
});

const MINIMAL = {
  block_size: 8,
  vocab_size: 10,
  n_layer: 1,
  n_head: 2,
  d_model: 6,
  norm: "rms",
};

const parse = (changes: Record<string, unknown>) => parseConfig(JSON.stringify({ ...MINIMAL, ...changes }), "c.json");

test("a config is read as it was written", () => {
  fc.assert(
    fc.property(configs, (config) => {
      expect(parseConfig(formatConfig(config), "c.json")).toEqual(config);
    }),
  );
});

test("heads of a stated width need not share out the channels", () => {
  expect(parse({ n_head: 4, d_head: 5 })).toMatchObject({ nHead: 4, dHead: 5, dModel: 6 });
});

test("what OpenAI's files leave out, or say is null, takes OpenAI's defaults", () => {
  expect(parse({ d_head: null, d_mlp: null, d_pos_emb: null, afrac: null })).toEqual(parse({}));
  expect(parse({})).toEqual({
    nLayer: 1,
    nHead: 2,
    dHead: 3,
    dModel: 6,
    dMlp: 24,
    vocabSize: 10,
    outSize: 10,
    blockSize: 8,
    bias: true,
    norm: "rms",
    lnBias: true,
    causal: true,
    activation: "gelu",
    residualActivation: "identity",
    afrac: null,
    afracLoctypes: ["attn_in", "attn_out", "mlp_in", "mlp_out"],
    sink: false,
    bigram: false,
    tiedUnembed: true,
    positions: "added",
    dPos: 0,
  });
});

test("a compiled program that answers in other symbols is not tied unless it says so", () => {
  expect(parse({ out_size: 3 }).tiedUnembed).toBe(false);
});

test("positions are concatenated where they have a size of their own", () => {
  const of = (changes: Record<string, unknown>) => {
    const { positions, dPos } = parse(changes);
    return [positions, dPos];
  };
  expect(of({ d_pos_emb: 6 })).toEqual(["concatenated", 6]);
  expect(of({ d_pos_emb: 6, sinusoidal_cat_pos_emb: true })).toEqual(["sinusoidal", 6]);
  expect(of({ d_pos_emb: null, sinusoidal_cat_pos_emb: true })).toEqual(["added", 0]);
  expect(of({ positions: "none" })).toEqual(["none", 0]);
});

test("`d_mlp` may have its older name", () => {
  expect(parse({ n_mlp: 9 }).dMlp).toBe(9);
  expect(parse({ n_mlp: 9, d_mlp: 7 }).dMlp).toBe(7);
  expect(parse({ n_mlp: 9, d_mlp: null }).dMlp).toBe(9);
});

test("in a file of somebody else's an unknown key is a note", () => {
  const text = JSON.stringify({ ...MINIMAL, dropout: 0, rtopk: false, warp_factor: 9, n_layers: 3 });
  const { config, notes } = parseForeignConfig(text, "beeg_config.json");
  expect(config).toEqual(parse({}));
  expect(notes).toEqual([
    'beeg_config.json: the key "warp_factor" is not read',
    'beeg_config.json: the key "n_layers" is not read',
  ]);
  expect(() => parseForeignConfig(JSON.stringify({ ...MINIMAL, n_head: "2" }), "b.json")).toThrow(/b\.json: n_head/);
});

test("keys of OpenAI that say nothing about the computation are passed over", () => {
  expect(parse({ dropout: 0, grad_checkpointing: true, flash: true, pfrac: 0.25 })).toEqual(parse({}));
});

test("`norm` overrides `rms_norm`, which is read where it stands alone", () => {
  const { norm: _, ...rest } = MINIMAL;
  const read = (keys: object) => parseConfig(JSON.stringify({ ...rest, ...keys }), "c.json").norm;
  expect(read({ rms_norm: true })).toBe("rms");
  expect(read({ rms_norm: true, norm: "none" })).toBe("none");
  expect(read({ rms_norm: true, norm: "layer" })).toBe("layer");
  expect(read({ rms_norm: false })).toBe("layer");
  expect(read({})).toBe("layer");
});

describe("what is wrong is refused with its place", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["a missing size", { n_layer: undefined }, /c\.json.*"n_layer" is missing/],
    ["an unknown key", { n_layers: 2 }, /c\.json.*unknown key "n_layers"[^]*did you mean "n_layer"/],
    ["a size of zero", { n_layer: 0 }, /c\.json: n_layer[^]*whole number from 1/],
    ["a fraction of a layer", { n_layer: 1.5 }, /c\.json: n_layer.*1\.5/],
    ["a text for a number", { d_model: "6" }, /c\.json: d_model/],
    ["a number for a flag", { sink: 1 }, /c\.json: sink[^]*true or false/],
    ["heads that do not fit", { n_head: 4 }, /c\.json: 6 channels are no whole number for each of 4 heads[^]*"d_head"/],
    ["more heads than channels", { n_head: 7 }, /6 channels are no whole number for each of 7 heads/],
    ["an unknown activation", { activation_type: "gelo" }, /activation_type.*gelo[^]*did you mean "gelu"/],
    ["an unknown place", { afrac: 0.5, afrac_loctypes: "attn_in,mlp_on" }, /afrac_loctypes.*"mlp_on"[^]*mlp_neuron/],
    ["a share above 1", { afrac: 1.5 }, /afrac.*1\.5[^]*\(0, 1\]/],
    ["a share of zero", { afrac: 0 }, /afrac/],
    ["another norm", { norm: "batch" }, /norm.*"batch" found[^]*"layer"/],
    ["a tied unembedding of other outputs", { tied_unembed: true, out_size: 3 }, /tied_unembed.*3 outputs.*10/],
    ["no channels for positions", { d_pos_emb: 0 }, /d_pos_emb[^]*whole number from 1/],
    ["waves without their cosines", { d_pos_emb: 5, sinusoidal_cat_pos_emb: true }, /d_pos_emb.*5[^]*even number/],
    ["concatenated positions of no size", { positions: "concatenated" }, /positions.*"concatenated"[^]*d_pos_emb/],
    ["added positions of another size", { positions: "added", d_pos_emb: 4 }, /positions.*"added"[^]*concatenated/],
    ["another relu on the residual stream", { residual_activation_type: "gelu" }, /residual_activation_type.*gelu/],
  ])("%s", (_, changes, message) => {
    expect(() => parse(changes)).toThrow(message);
    expect(() => parse(changes)).toThrow(InputError);
  });

  test.each(["", "{", "[]", "null", "3"])("the text %j", (text) => {
    expect(() => parseConfig(text, "c.json")).toThrow(/c\.json/);
    expect(() => parseConfig(text, "c.json")).toThrow(InputError);
  });
});

describe("the width of a site", () => {
  test("is known of every site but patterns", () => {
    const widths = Object.fromEntries(
      listSites(1)
        .filter((site) => site !== "0.attn.pattern")
        .map((site) => [site, siteWidth(TINY, site)]),
    );
    expect(widths).toEqual({
      embed: 11,
      "0.resid_in": 11,
      "0.attn.act_in": 11,
      "0.attn.q": 6,
      "0.attn.k": 6,
      "0.attn.v": 6,
      "0.attn.y": 6,
      "0.attn.resid_delta": 11,
      "0.resid_mid": 11,
      "0.mlp.act_in": 11,
      "0.mlp.post_act": 18,
      "0.mlp.resid_delta": 11,
      final_resid: 11,
      logits: 13,
    });
    expect(() => siteWidth(TINY, siteName("0.attn.pattern"))).toThrow(/no fixed number of channels/);
  });

  test("of what a sublayer reads counts concatenated positions", () => {
    const config: ModelConfig = { ...TINY, positions: "concatenated", dPos: 4 };
    const wider = listSites(1)
      .filter((site) => site !== "0.attn.pattern")
      .filter((site) => siteWidth(config, site) !== siteWidth(TINY, site));
    expect(wider).toEqual(["0.attn.act_in", "0.mlp.act_in"]);
    expect(siteWidth(config, wider[0]!)).toBe(15);
  });

  test("of a layer that the model does not have is refused", () => {
    expect(() => siteWidth(TINY, siteName("2.attn.q"))).toThrow(/no site "2\.attn\.q"[^]*layers 0 to 1/);
    expect(() => siteWidth({ ...TINY, nLayer: 1 }, siteName("1.attn.q"))).toThrow(/layer 0 only/);
  });
});
