import { InputError, JsonValue, parseSite, type SiteName } from "@filigree/sites";

/** Where AbsTopK may act, as OpenAI's configs call the places. */
export const LOCTYPES = [
  "attn_in",
  "attn_q",
  "attn_k",
  "attn_v",
  "attn_out",
  "mlp_in",
  "mlp_neuron",
  "mlp_out",
] as const;
export type Loctype = (typeof LOCTYPES)[number];

/** The shape and the options of a model. Sizes count channels, heads, layers, tokens. */
export interface ModelConfig {
  readonly nLayer: number;
  readonly nHead: number;
  /** Need not divide dModel. */
  readonly dHead: number;
  readonly dModel: number;
  readonly dMlp: number;
  readonly vocabSize: number;
  /** Rows of the unembedding: vocabSize, unless a compiled program answers in other symbols. */
  readonly outSize: number;
  /** The longest sequence that the model was made for, in tokens. */
  readonly blockSize: number;
  /** Whether the four matrices of a layer have biases. */
  readonly bias: boolean;
  readonly norm: "rms" | "none";
  /** Whether a token sees only itself and what came before. */
  readonly causal: boolean;
  readonly activation: "gelu" | "relu";
  /** Share of channels that AbsTopK keeps; null: no AbsTopK anywhere. */
  readonly afrac: number | null;
  readonly afracLoctypes: readonly Loctype[];
  /** Whether each head has an attention sink. */
  readonly sink: boolean;
  /** Whether a table of current token × next token is added to the logits. */
  readonly bigram: boolean;
  /** `added`: a learned vector per position joins the embedding. `none`: order shows only through the causal mask. */
  readonly positions: "added" | "none";
}

/** Keys of OpenAI's GPTConfig files that say how a model was trained or run, not what it computes. */
const IGNORED = new Set(
  (
    "dropout ln_bias rms_norm debug_nans tokenizer_name grad_checkpointing dropout_cat_pos_emb enable_sparse_kernels " +
    "flash learnable_bigram_table pfrac expansion_factor expansion_factor_mlp afrac_approx ignore_dw_grad " +
    "bigram_table_rank debug_exact_topk sparse_matmul_impl rtopk n_embd"
  ).split(" "),
);

const KNOWN = [
  "block_size",
  "vocab_size",
  "out_size",
  "n_layer",
  "n_head",
  "d_head",
  "d_model",
  "d_mlp",
  "bias",
  "norm",
  "causal",
  "activation_type",
  "residual_activation_type",
  "afrac",
  "afrac_loctypes",
  "tied_unembed",
  "sink",
  "enable_bigram_table",
  "d_pos_emb",
  "positions",
] as const;
type Key = (typeof KNOWN)[number];

/**
 * Reads `config.json`: OpenAI's GPTConfig fields and ours beside them.
 *
 * @throws InputError for a missing or unknown key, a wrong type, or an option that this version does not compute.
 */
export function parseConfig(text: string, where: string): ModelConfig {
  const json = JsonValue.parse(text, where);
  const known = new Map<string, JsonValue>(json.entries().filter(([key]) => !IGNORED.has(key)));
  // The strict reader refuses unknown keys with the nearest known one.
  const strict = new JsonValue(Object.fromEntries([...known].map(([key, value]) => [key, value.any()])), where);
  const given = strict.object(KNOWN.map((key) => `${key}?` as const)) as Partial<Record<Key, JsonValue>>;
  const size = (key: Key, otherwise?: number): number => {
    const value = given[key];
    if (value === undefined || value.any() === null) {
      return otherwise ?? json.fail(`the key "${key}" is missing`, "a whole number from 1");
    }
    return value.index() >= 1 ? value.index() : value.fail(`${value.index()} found`, "a whole number from 1");
  };
  const flag = (key: Key, otherwise: boolean): boolean => {
    const value = given[key]?.any() ?? otherwise;
    return typeof value === "boolean" ? value : given[key]!.fail(`${JSON.stringify(value)} found`, "true or false");
  };
  const refuse = (key: Key, hint: string) => given[key]!.fail("this version does not compute this option", hint);

  const rmsNorm =
    json
      .entries()
      .find(([key]) => key === "rms_norm")?.[1]
      .any() === true;
  const norm = given.norm?.oneOf("rms", "none", "layer") ?? (rmsNorm ? "rms" : "layer");
  if (norm === "layer") json.fail("layer norm is not computed by this version", `"norm": "rms" or "none"`);
  if (flag("tied_unembed", false)) refuse("tied_unembed", "false: an unembedding of its own");
  if (given.d_pos_emb && given.d_pos_emb.any() !== null) refuse("d_pos_emb", "no concatenated positions");
  if (given.residual_activation_type?.oneOf("identity", "relu") === "relu") {
    refuse("residual_activation_type", "identity");
  }
  const vocabSize = size("vocab_size");
  const dModel = size("d_model");
  const nHead = size("n_head");
  const afrac = given.afrac && given.afrac.any() !== null ? given.afrac.number() : null;
  if (afrac !== null && !(afrac > 0 && afrac <= 1)) given.afrac!.fail(`${afrac} found`, "a share in (0, 1], or null");
  const places = given.afrac_loctypes?.text() ?? "attn_in,attn_out,mlp_in,mlp_out";
  const dHead = size("d_head", Math.floor(dModel / nHead));
  if (dHead < 1) json.fail(`${nHead} heads do not fit into ${dModel} channels`, `"d_head": a whole number from 1`);
  return {
    nLayer: size("n_layer"),
    nHead,
    dHead,
    dModel,
    dMlp: size("d_mlp", 4 * dModel),
    vocabSize,
    outSize: size("out_size", vocabSize),
    blockSize: size("block_size"),
    bias: flag("bias", true),
    norm: norm as "rms" | "none",
    causal: flag("causal", true),
    activation: given.activation_type?.oneOf("gelu", "relu") ?? "gelu",
    afrac,
    afracLoctypes: (places === "" ? [] : places.split(",")).map((place) => {
      if ((LOCTYPES as readonly string[]).includes(place)) return place as Loctype;
      return given.afrac_loctypes!.fail(`"${place}" found`, LOCTYPES.join(", "));
    }),
    sink: flag("sink", false),
    bigram: flag("enable_bigram_table", false),
    positions: given.positions?.oneOf("added", "none") ?? "added",
  };
}

/** The `config.json` of a config; `parseConfig` reads it back. */
export function formatConfig(config: ModelConfig): string {
  const json: Record<Key, unknown> = {
    block_size: config.blockSize,
    vocab_size: config.vocabSize,
    out_size: config.outSize,
    n_layer: config.nLayer,
    n_head: config.nHead,
    d_head: config.dHead,
    d_model: config.dModel,
    d_mlp: config.dMlp,
    bias: config.bias,
    norm: config.norm,
    causal: config.causal,
    activation_type: config.activation,
    residual_activation_type: "identity",
    afrac: config.afrac,
    afrac_loctypes: config.afracLoctypes.join(","),
    tied_unembed: false,
    sink: config.sink,
    enable_bigram_table: config.bigram,
    d_pos_emb: null,
    positions: config.positions,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/**
 * How many channels a site has. An attention pattern has heads × keys of them, so its number depends on the sequence.
 *
 * @throws InputError for a layer that the model does not have, and for `attn.pattern`.
 */
export function siteWidth(config: ModelConfig, site: SiteName): number {
  const { layer, kind } = parseSite(site);
  if (layer !== undefined && layer >= config.nLayer) {
    const layers = config.nLayer === 1 ? "layer 0 only" : `layers 0 to ${config.nLayer - 1}`;
    throw new InputError({ what: `the model has no site "${site}"`, expected: layers });
  }
  switch (kind) {
    case "attn.q":
    case "attn.k":
    case "attn.v":
    case "attn.y":
      return config.nHead * config.dHead;
    case "mlp.post_act":
      return config.dMlp;
    case "logits":
      return config.outSize;
    case "attn.pattern":
      throw new InputError({ what: `"${site}" has no fixed number of channels`, expected: "another site" });
    default:
      return config.dModel;
  }
}
