import { SUBLAYER_LOCTYPES, JsonValue, parseConfig, seed, type ModelConfig, type Seed } from "@filigree/core";
import { DEFAULTS } from "./defaults.ts";

/** Settings of Adam and of the learning rate. */
export interface OptimiserConfig {
  /** Peak learning rate, before the sparsifier's factor. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Steps of linear warm-up; a linear decay to 0 follows. */
  readonly warmup: number;
  /**
   * Divide every gradient by the root mean square over all parameters (train.py), only where that is above 1 (Gao et
   * al. 2025, A.1), or leave it.
   */
  readonly gradient: "rms-normalised" | "rms-clipped" | "plain";
  /**
   * After each step, and after the sparsifier's, matrices and tables lose this times the rate of themselves: 0.1 as
   * published (train.py).
   */
  readonly weightDecay: number;
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

/** What a run is trained on. */
export interface DataConfig {
  /** Folders, read one after the other; the command line may give others. */
  readonly root: readonly string[];
  /** Globs of paths below a folder; one that begins with `!` leaves out. */
  readonly files: readonly string[];
  /** The key that holds the text in each line of a `.jsonl` file. */
  readonly text: string;
  /** For the model card. */
  readonly description: string;
}

/** A training run, as `filigree train` reads it. Paths are as written. */
export interface TrainingConfig {
  readonly name: string;
  /** `vocabSize` and `outSize` are the tokenizer's. */
  readonly model: Omit<ModelConfig, "vocabSize" | "outSize">;
  readonly data: DataConfig;
  /** Checkpoint directory whose weights and tokenizer the run starts from; otherwise both are made anew. */
  readonly start: string | undefined;
  /** A vocabulary to train on the data, or the `tokenizer.json` to take. */
  readonly tokenizer: { readonly vocabSize: number } | { readonly file: string };
  /** How pairs of tokens are scored. Only with a bigram table. */
  readonly bigram: BigramConfig;
  /** Tokens of a training sequence. */
  readonly context: number;
  /** Sequences of a step. */
  readonly batch: number;
  /**
   * Parts that a batch is cut into, for threads to share; their gradients are added up in order. It is part of the run,
   * not of the machine: sums in another order have other last bits.
   */
  readonly shards: number;
  /** Steps that the schedules of rate and density are laid out for. */
  readonly steps: number;
  /** The step after which the run ends with its checkpoint: `steps`, unless a later run is to take over before. */
  readonly stopAfter: number;
  readonly optimiser: OptimiserConfig;
  /** By name, with the options as written: the sparsifier checks them when the run starts. */
  readonly sparsifier: { readonly name: string; readonly options: unknown };
  readonly seed: Seed;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Steps between measurements of the held-out loss. */
  readonly evaluateEvery: number;
}

const KEYS = [
  "format",
  "name",
  "data",
  "model?",
  "start?",
  "tokenizer?",
  "bigram?",
  "context?",
  "batch?",
  "shards?",
  "steps?",
  "stopAfter?",
  "optimiser?",
  "sparsifier?",
  "seed?",
  "checkpointEvery?",
  "evaluateEvery?",
] as const;

/**
 * Reads a configuration; what it leaves out takes its default.
 *
 * @throws InputError for unknown or missing keys, wrong types and sizes that do not fit.
 */
export function parseTrainingConfig(text: string, where: string): TrainingConfig {
  const given = JsonValue.parse(text, where).object(KEYS);
  const format = given.format.text();
  if (format !== "filigree.training/1") given.format.fail(`"${format}" found`, `"filigree.training/1"`);
  const empty = new JsonValue({}, where);
  const context = sizeOf(given.context, DEFAULTS.context);
  const steps = sizeOf(given.steps, DEFAULTS.steps);
  return {
    name: given.name.text() || given.name.fail("an empty name", "the model's name"),
    model: modelPart(given.model ?? empty, context, where),
    data: dataPart(given.data),
    start: given.start?.text(),
    tokenizer: tokenizerPart(given.tokenizer ?? empty),
    bigram: bigramPart(given.bigram ?? empty),
    context,
    batch: sizeOf(given.batch, DEFAULTS.batch),
    shards: sizeOf(given.shards, DEFAULTS.shards),
    steps,
    stopAfter: stopAfter(given.stopAfter, steps),
    optimiser: optimiserPart(given.optimiser ?? empty, steps),
    sparsifier: given.sparsifier ? sparsifierPart(given.sparsifier) : DEFAULTS.sparsifier,
    seed: seed(given.seed?.index() ?? DEFAULTS.seed),
    checkpointEvery: sizeOf(given.checkpointEvery, DEFAULTS.checkpointEvery),
    evaluateEvery: sizeOf(given.evaluateEvery, DEFAULTS.evaluateEvery),
  };
}

/** Keys of a model's `config.json` that follow from the tokenizer and the context. */
const DERIVED = ["vocab_size", "out_size", "block_size"];

/** The model's part is a `config.json` without the sizes that follow from the rest. */
function modelPart(json: JsonValue, context: number, where: string): TrainingConfig["model"] {
  const entries = json.entries();
  for (const [key, value] of entries) {
    if (DERIVED.includes(key)) value.fail("this key follows from the tokenizer and the context", "no such key here");
  }
  const own = Object.fromEntries(entries.map(([key, value]) => [key, value.any()]));
  const width = (key: "d_model" | "d_head") => {
    const given = own[key];
    return typeof given === "number" && given >= 1 ? given : DEFAULTS.model[key];
  };
  const [dModel, dHead] = [width("d_model"), width("d_head")];
  if (own["n_head"] == null && Number.isInteger(dModel) && Number.isInteger(dHead) && dModel % dHead !== 0) {
    json.fail(`${dModel} channels are no whole number of heads of ${dHead}`, '"d_head" or "n_head" that fits');
  }
  const defaults = {
    ...DEFAULTS.model,
    norm: "rms",
    // Stated, positions must agree with the size that concatenated ones have.
    ...(own["d_pos_emb"] == null && { positions: "none" }),
    afrac_loctypes: SUBLAYER_LOCTYPES.join(","),
    tied_unembed: false,
    vocab_size: 1,
    n_head: Math.max(1, Math.floor(dModel / dHead)),
    d_mlp: 4 * dModel,
    block_size: context,
  };
  // Without a size of its own, a head takes an equal share of the channels.
  const sized = own["n_head"] == null ? defaults : { ...defaults, d_head: undefined };
  const config = parseConfig(JSON.stringify({ ...sized, ...own }), `${where}: model`);
  const { vocabSize: _, outSize: __, ...rest } = config;
  return rest;
}

function dataPart(json: JsonValue): DataConfig {
  const given = json.object(["root?", "files", "text?", "description?"]);
  const files = given.files.array().map((glob) => glob.text());
  if (files.length === 0) given.files.fail("no globs", 'such as ["**/*.py"]');
  const root = given.root?.isArray() ? given.root.array().map((folder) => folder.text()) : given.root?.text();
  return {
    root: typeof root === "string" ? [root] : (root ?? []),
    files,
    text: given.text?.text() ?? DEFAULTS.data.text,
    description: given.description?.text() ?? files.join(", "),
  };
}

function tokenizerPart(json: JsonValue): TrainingConfig["tokenizer"] {
  const { vocabSize, file } = json.object(["vocabSize?", "file?"]);
  if (file && vocabSize) json.fail('both "vocabSize" and "file"', "a size to train, or a tokenizer.json to take");
  return file ? { file: file.text() } : { vocabSize: sizeOf(vocabSize, DEFAULTS.tokenizer.vocabSize) };
}

function stopAfter(given: JsonValue | undefined, steps: number): number {
  if (!given) return steps;
  const step = given.index();
  return step >= 1 && step <= steps ? step : given.fail(`${step} found`, `a step from 1 to ${steps}`);
}

function bigramPart(json: JsonValue): BigramConfig {
  const { minCount, scale } = json.object(["minCount?", "scale?"]);
  return {
    minCount: sizeOf(minCount, DEFAULTS.bigram.minCount),
    scale: scale?.oneOf("above-floor", "log-count") ?? DEFAULTS.bigram.scale,
  };
}

function optimiserPart(json: JsonValue, steps: number): OptimiserConfig {
  const given = json.object(["rate?", "beta1?", "beta2?", "epsilon?", "warmup?", "gradient?", "weightDecay?"]);
  const gradient = given.gradient?.oneOf("rms-normalised", "rms-clipped", "plain") ?? DEFAULTS.optimiser.gradient;
  const normal = DEFAULTS.optimiser[gradient];
  const number = (value: JsonValue | undefined, otherwise: number, below = Infinity): number => {
    const result = value?.number() ?? otherwise;
    if (result >= 0 && result < below) return result;
    return value!.fail(
      `${result} found`,
      below === Infinity ? "a number from 0" : `a number from 0 and below ${below}`,
    );
  };
  return {
    rate: number(given.rate, normal.rate),
    beta1: number(given.beta1, DEFAULTS.optimiser.beta1, 1),
    beta2: number(given.beta2, DEFAULTS.optimiser.beta2, 1),
    epsilon: number(given.epsilon, normal.epsilon),
    warmup: number(given.warmup, Math.ceil(steps / DEFAULTS.optimiser.stepsPerWarmup)),
    gradient,
    weightDecay: number(given.weightDecay, DEFAULTS.optimiser.weightDecay),
  };
}

function sparsifierPart(json: JsonValue): TrainingConfig["sparsifier"] {
  const { name, options } = json.object(["name", "options?"]);
  return { name: name.text(), options: options?.any() };
}

/** A whole number from 1. */
function sizeOf(value: JsonValue | undefined, otherwise: number): number {
  if (!value) return otherwise;
  return value.index() >= 1 ? value.index() : value.fail(`${value.index()} found`, "a whole number from 1");
}
