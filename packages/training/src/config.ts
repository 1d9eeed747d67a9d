import {
  InputError,
  JsonValue,
  SUBLAYER_LOCTYPES,
  parseConfig,
  seed,
  type ModelConfig,
  type Seed,
} from "@filigree/core";
import { findSparsifier, type Sparsifier } from "@filigree/sparsifiers";

/** Settings of Adam and of the learning rate. */
export interface OptimiserConfig {
  /** Peak learning rate, before the sparsifier's factor. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Steps of linear warm-up; a linear decay to 0 follows. */
  readonly warmup: number;
  /** Divide every gradient by the root mean square over all parameters (as published), or leave it. */
  readonly gradient: "rms-normalised" | "plain";
}

/** The fixed table of current × next token that is added to the logits. */
export interface BigramConfig {
  /** Pairs seen less often are 0 in the table, which is stored sparse. */
  readonly minCount: number;
  /**
   * `above-floor`: log((1 + count) / minCount), so that rare pairs count as much as those seen minCount times.
   * `log-count`: log(1 + count), which jumps by log(minCount) at that threshold, and tells two answers apart by chance
   * where one pair lies just above it and the other just below.
   */
  readonly scale: "above-floor" | "log-count";
}

/** A training run, as `filigree train` reads it. Paths are as written. */
export interface TrainingConfig {
  readonly name: string;
  /** `vocabSize` and `outSize` are the tokenizer's. */
  readonly model: Omit<ModelConfig, "vocabSize" | "outSize">;
  readonly data: {
    /** Folder of source files; the command line may give another. */
    readonly root: string | undefined;
    readonly extensions: readonly string[];
    readonly exclude: readonly string[];
    readonly description: string;
  };
  /** Checkpoint directory whose weights and tokenizer the run starts from; otherwise both are made anew. */
  readonly start: string | undefined;
  readonly tokenizer: { readonly vocabSize: number };
  /** How pairs of tokens are scored. Only with a bigram table. */
  readonly bigram: BigramConfig;
  /** Tokens of a training sequence. */
  readonly context: number;
  /** Sequences of a step. */
  readonly batch: number;
  /** Steps that the schedules of rate and density are laid out for. */
  readonly steps: number;
  /** The step after which the run ends with its checkpoint: `steps`, unless a later run is to take over before. */
  readonly stopAfter: number;
  readonly optimiser: OptimiserConfig;
  readonly sparsifier: { readonly plugin: Sparsifier; readonly options: unknown };
  readonly seed: Seed;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Steps between measurements of the held-out loss. */
  readonly evaluateEvery: number;
}

const KEYS = [
  "format",
  "name",
  "model",
  "data",
  "start?",
  "tokenizer",
  "bigram?",
  "context",
  "batch",
  "steps",
  "stopAfter?",
  "optimiser?",
  "sparsifier",
  "seed?",
  "checkpointEvery?",
  "evaluateEvery?",
] as const;

/** @throws InputError for unknown or missing keys, wrong types and sizes that do not fit. */
export function parseTrainingConfig(text: string, where: string): TrainingConfig {
  const given = JsonValue.parse(text, where).object(KEYS);
  const format = given.format.text();
  if (format !== "filigree.training/1") given.format.fail(`"${format}" found`, `"filigree.training/1"`);
  const positive = (value: JsonValue): number =>
    value.index() >= 1 ? value.index() : value.fail(`${value.index()} found`, "a whole number from 1");
  const { root, extensions, exclude, description } = given.data.object([
    "root?",
    "extensions",
    "exclude?",
    "description",
  ]);
  const { vocabSize } = given.tokenizer.object(["vocabSize"]);
  const { name, options } = given.sparsifier.object(["name", "options?"]);
  const plugin = findSparsifier(name.text());
  const context = positive(given.context);
  return {
    name: given.name.text(),
    model: modelPart(given.model, context, where),
    data: {
      root: root?.text(),
      extensions: extensions.array().map((extension) => extension.text()),
      exclude: exclude?.array().map((path) => path.text()) ?? [],
      description: description.text(),
    },
    start: given.start?.text(),
    tokenizer: { vocabSize: positive(vocabSize) },
    bigram: bigramPart(given.bigram ?? new JsonValue({}, where)),
    context,
    batch: positive(given.batch),
    steps: positive(given.steps),
    stopAfter: stopAfter(given.stopAfter, positive(given.steps)),
    optimiser: optimiserPart(given.optimiser ?? new JsonValue({}, where)),
    sparsifier: { plugin, options: plugin.parseOptions(options?.any(), `${where}: sparsifier.options`) },
    seed: seed(given.seed?.index() ?? 0),
    checkpointEvery: given.checkpointEvery ? positive(given.checkpointEvery) : 500,
    evaluateEvery: given.evaluateEvery ? positive(given.evaluateEvery) : 250,
  };
}

/** The model's part is a `config.json` without the sizes that follow from the rest. */
function modelPart(json: JsonValue, context: number, where: string): Omit<ModelConfig, "vocabSize" | "outSize"> {
  const derived = ["vocab_size", "out_size", "block_size"];
  const entries = json.entries();
  for (const [key, value] of entries) {
    if (derived.includes(key)) value.fail("this key follows from the tokenizer and the context", "no such key here");
  }
  const own = Object.fromEntries(entries.map(([key, value]) => [key, value.any()]));
  const defaults = {
    norm: "rms",
    // Stated, positions must agree with the size that concatenated ones have.
    ...(own["d_pos_emb"] == null && { positions: "none" }),
    afrac_loctypes: SUBLAYER_LOCTYPES.join(","),
    tied_unembed: false,
    vocab_size: 1,
  };
  const config = parseConfig(JSON.stringify({ ...defaults, block_size: context, ...own }), `${where}: model`);
  const { vocabSize: _, outSize: __, ...rest } = config;
  return rest;
}

function stopAfter(given: JsonValue | undefined, steps: number): number {
  if (!given) return steps;
  const step = given.index();
  return step >= 1 && step <= steps ? step : given.fail(`${step} found`, `a step from 1 to ${steps}`);
}

function bigramPart(json: JsonValue): BigramConfig {
  const { minCount, scale } = json.object(["minCount?", "scale?"]);
  return {
    minCount: minCount ? Math.max(1, minCount.index()) : 2,
    scale: scale?.oneOf("above-floor", "log-count") ?? "above-floor",
  };
}

function optimiserPart(json: JsonValue): OptimiserConfig {
  const given = json.object(["rate?", "beta1?", "beta2?", "epsilon?", "warmup?", "gradient?"]);
  const number = (value: JsonValue | undefined, otherwise: number): number => {
    const result = value?.number() ?? otherwise;
    if (result < 0) throw new InputError({ what: `optimiser: ${result} is below 0` });
    return result;
  };
  return {
    rate: number(given.rate, 3e-3),
    beta1: number(given.beta1, 0.9),
    beta2: number(given.beta2, 0.95),
    epsilon: number(given.epsilon, 1e-7),
    warmup: number(given.warmup, 100),
    gradient: given.gradient?.oneOf("rms-normalised", "plain") ?? "plain",
  };
}
