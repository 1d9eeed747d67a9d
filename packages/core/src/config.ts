import { InputError, JsonValue, parseSite, type SiteName } from "@filigree/sites";

/** Where AbsTopK acts in the published models: in and around the sublayers. Named as in OpenAI's configs. */
export const SUBLAYER_LOCTYPES = [
  "attn_in",
  "attn_q",
  "attn_k",
  "attn_v",
  "attn_out",
  "mlp_in",
  "mlp_neuron",
  "mlp_out",
] as const;

/** Wherever AbsTopK may act: the last two select in the residual stream itself. */
export const LOCTYPES = [...SUBLAYER_LOCTYPES, "resid_post_attn", "resid_post_mlp"] as const;
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
  readonly norm: "rms" | "layer" | "none";
  /** Whether layer norms have biases. */
  readonly lnBias: boolean;
  /** Whether a token sees only itself and what came before. */
  readonly causal: boolean;
  readonly activation: "gelu" | "relu";
  /** What the whole residual stream goes through after each sublayer has written to it. */
  readonly residualActivation: "identity" | "relu";
  /** Share of channels that AbsTopK keeps; null: no AbsTopK anywhere. */
  readonly afrac: number | null;
  readonly afracLoctypes: readonly Loctype[];
  /** Whether each head has an attention sink. */
  readonly sink: boolean;
  /** Whether a table of current token × next token is added to the logits. */
  readonly bigram: boolean;
  /** Whether the embedding is the unembedding too. */
  readonly tiedUnembed: boolean;
  /**
   * `none`: order shows only through the causal mask. `added`: a learned vector per position joins the embedding.
   * `concatenated`: it stays out of the residual stream, and each sublayer reads it as further channels beside its
   * input. `sinusoidal`: so too, with fixed waves in place of learned vectors.
   */
  readonly positions: "none" | "added" | "concatenated" | "sinusoidal";
  /** Channels of a position's vector where it is concatenated; 0 elsewhere. Even where it is sinusoidal. */
  readonly dPos: number;
}

/** Keys of OpenAI's GPTConfig files that say how a model was trained or run, not what it computes. */
const IGNORED = new Set(
  (
    "dropout debug_nans tokenizer_name grad_checkpointing dropout_cat_pos_emb enable_sparse_kernels " +
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
  "n_mlp",
  "bias",
  "norm",
  "rms_norm",
  "ln_bias",
  "causal",
  "activation_type",
  "residual_activation_type",
  "afrac",
  "afrac_loctypes",
  "tied_unembed",
  "sink",
  "enable_bigram_table",
  "positions",
  "d_pos_emb",
  "sinusoidal_cat_pos_emb",
] as const;
type Key = (typeof KNOWN)[number];

/**
 * Reads a `config.json` of ours: OpenAI's GPTConfig fields and our own beside them.
 *
 * @throws InputError for a missing or unknown key, a wrong type, or options that contradict each other.
 */
export function parseConfig(text: string, where: string): ModelConfig {
  const json = JsonValue.parse(text, where);
  const own = json.entries().filter(([key]) => !IGNORED.has(key));
  // The strict reader refuses unknown keys with the nearest known one.
  const strict = new JsonValue(Object.fromEntries(own.map(([key, value]) => [key, value.any()])), where);
  strict.object(KNOWN.map((key) => `${key}?` as const));
  return readConfig(json);
}

/** A config of somebody else's, and what of it was passed over. */
export interface ForeignConfig {
  readonly config: ModelConfig;
  /** One sentence for each key that is not known. */
  readonly notes: readonly string[];
}

/**
 * Reads OpenAI's own `beeg_config.json`, or a `config.json` made from one: keys that are not known are noted.
 *
 * @throws InputError for a missing key, a wrong type, or options that contradict each other.
 */
export function parseForeignConfig(text: string, where: string): ForeignConfig {
  const json = JsonValue.parse(text, where);
  const unknown = json.entries().filter(([key]) => !IGNORED.has(key) && !(KNOWN as readonly string[]).includes(key));
  return { config: readConfig(json), notes: unknown.map(([key]) => `${where}: the key "${key}" is not read`) };
}

function readConfig(json: JsonValue): ModelConfig {
  // A null stands for the default, as in Python's dataclass.
  const members = new Map(json.entries().filter(([, value]) => value.any() !== null));
  const get = (key: Key): JsonValue | undefined => members.get(key);
  const size = (key: Key, otherwise?: number): number => {
    const value = get(key);
    if (!value) return otherwise ?? json.fail(`the key "${key}" is missing`, "a whole number from 1");
    return value.index() >= 1 ? value.index() : value.fail(`${value.index()} found`, "a whole number from 1");
  };
  const flag = (key: Key, otherwise: boolean): boolean => {
    const value = get(key)?.any() ?? otherwise;
    return typeof value === "boolean" ? value : get(key)!.fail(`${JSON.stringify(value)} found`, "true or false");
  };

  const vocabSize = size("vocab_size");
  const outSize = size("out_size", vocabSize);
  const dModel = size("d_model");
  const nHead = size("n_head");
  // OpenAI's own code refuses such sizes too; a d_head of its own may make heads of any width.
  if (!get("d_head") && dModel % nHead !== 0) {
    json.fail(`${dModel} channels are no whole number for each of ${nHead} heads`, `"d_head": a whole number from 1`);
  }
  const dHead = size("d_head", dModel / nHead);
  const afrac = get("afrac")?.number() ?? null;
  if (afrac !== null && !(afrac > 0 && afrac <= 1)) get("afrac")!.fail(`${afrac} found`, "a share in (0, 1], or null");
  const places = get("afrac_loctypes")?.text() ?? "attn_in,attn_out,mlp_in,mlp_out";
  const tiedUnembed = flag("tied_unembed", outSize === vocabSize);
  if (tiedUnembed && outSize !== vocabSize) {
    get("tied_unembed")!.fail(`${outSize} outputs cannot be tied to a vocabulary of ${vocabSize}`, "false");
  }
  return {
    nLayer: size("n_layer"),
    nHead,
    dHead,
    dModel,
    // Older files call it n_mlp.
    dMlp: size("d_mlp", size("n_mlp", 4 * dModel)),
    vocabSize,
    outSize,
    blockSize: size("block_size"),
    bias: flag("bias", true),
    norm: get("norm")?.oneOf("rms", "layer", "none") ?? (flag("rms_norm", false) ? "rms" : "layer"),
    lnBias: flag("ln_bias", true),
    causal: flag("causal", true),
    activation: get("activation_type")?.oneOf("gelu", "relu") ?? "gelu",
    residualActivation: get("residual_activation_type")?.oneOf("identity", "relu") ?? "identity",
    afrac,
    afracLoctypes: (places === "" ? [] : places.split(",")).map((place) => {
      if ((LOCTYPES as readonly string[]).includes(place)) return place as Loctype;
      return get("afrac_loctypes")!.fail(`"${place}" found`, LOCTYPES.join(", "));
    }),
    sink: flag("sink", false),
    bigram: flag("enable_bigram_table", false),
    tiedUnembed,
    ...readPositions(get, size, flag),
  };
}

/** OpenAI's files tell added from concatenated positions by `d_pos_emb` alone; ours may say it outright. */
function readPositions(
  get: (key: Key) => JsonValue | undefined,
  size: (key: Key, otherwise: number) => number,
  flag: (key: Key, otherwise: boolean) => boolean,
): Pick<ModelConfig, "positions" | "dPos"> {
  const dPos = size("d_pos_emb", 0);
  const sinusoidal = flag("sinusoidal_cat_pos_emb", false);
  const concatenated = sinusoidal ? "sinusoidal" : "concatenated";
  const stated = get("positions")?.oneOf("none", "added", "concatenated", "sinusoidal");
  const positions = stated ?? (dPos > 0 ? concatenated : "added");
  if (dPos > 0 !== (positions === "concatenated" || positions === "sinusoidal")) {
    const expected = dPos > 0 ? `"concatenated" or "sinusoidal"` : `"d_pos_emb": a whole number from 1`;
    get("positions")!.fail(`"${positions}" found beside "d_pos_emb": ${dPos || null}`, expected);
  }
  if (positions === "sinusoidal" && dPos % 2 !== 0) {
    get("d_pos_emb")!.fail(`${dPos} found`, "an even number: a sine and a cosine of each period");
  }
  return { positions, dPos };
}

/** The `config.json` of a config; `parseConfig` reads it back. */
export function formatConfig(config: ModelConfig): string {
  const json: Partial<Record<Key, unknown>> = {
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
    // Only what differs from what the format first knew: the hashes of older checkpoints are made from this text.
    ...(config.lnBias ? {} : { ln_bias: false }),
    causal: config.causal,
    activation_type: config.activation,
    residual_activation_type: config.residualActivation,
    afrac: config.afrac,
    afrac_loctypes: config.afracLoctypes.join(","),
    tied_unembed: config.tiedUnembed,
    sink: config.sink,
    enable_bigram_table: config.bigram,
    d_pos_emb: config.dPos === 0 ? null : config.dPos,
    positions: config.positions,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** How many of a vector's channels AbsTopK keeps at a place: all of them where it does not act. */
export function selectedChannels({ afrac, afracLoctypes }: ModelConfig, place: Loctype, width: number): number {
  return afrac !== null && afracLoctypes.includes(place) ? Math.floor(afrac * width) : width;
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
    case "attn.act_in":
    case "mlp.act_in":
      return config.dModel + config.dPos;
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
