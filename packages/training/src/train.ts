import {
  formatConfig,
  InputError,
  listParameters,
  saveModel,
  useBackend,
  type ModelCard,
  type ModelConfig,
  type ParameterValues,
} from "@filigree/core";
import type { Sparsifier } from "@filigree/sparsifiers";
import { chooseSparsifier, throwFrom, type ChosenSparsifier } from "./choose-sparsifier.ts";
import type { TrainingConfig } from "./config.ts";
import { siteMeans } from "./means.ts";
import { MetricsFile } from "./metrics.ts";
import { Pace } from "./pace.ts";
import { loadState } from "./run-files.ts";
import { flatten, type Settings } from "./settings.ts";
import { startingPoint, type StartingPoint } from "./starting-point.ts";
import { Store } from "./store.ts";
import { bigramTable, drawBatch, tokenizeCorpus, type TokenCorpus, type TrainingBatch } from "./tokens.ts";
import { measure, withModel, type Measured } from "./trained-model.ts";
import { initialState, Trainer, type StepReport, type TrainerState } from "./trainer.ts";
import { readTrainingData, type TrainingData } from "./training-data.ts";
import { Crew } from "./workers/crew.ts";

/** Batches that the held-out loss and the corpus means are measured on. */
const HELD_OUT_BATCHES = 8;
const MEAN_BATCHES = 32;
/** Every so many steps, and wherever the held-out loss is measured, the metrics get a line. */
const LINE_EVERY = 10;

/** What a run says of itself while it goes on. */
export type TrainingProgress =
  | { readonly phase: "reading" | "measuring means" }
  | {
      readonly phase: "tokenizing";
      /** Texts that were read. */
      readonly texts: number;
      /** Paths of files that are not UTF-8 text, and are left out. */
      readonly notUtf8: readonly string[];
    }
  | (StepReport & {
      readonly phase: "training";
      readonly step: number;
      readonly steps: number;
      readonly heldOut?: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    });

export interface TrainOptions {
  /** Folder that receives metrics, state and, at the end, the checkpoint. */
  readonly out: string;
  /** Folder of the configuration, from which its paths are resolved. */
  readonly baseDirectory: string;
  /** File of the configuration, for messages. */
  readonly configFile?: string | undefined;
  /** Folders of text or source files; override the configuration's. */
  readonly data?: readonly string[] | undefined;
  /** Go on from the folder's stored state, if there is one. Otherwise a stored state is an error. */
  readonly resume?: boolean | undefined;
  /** Threads that share each batch, this one too; no more than the configuration's shards. Default: 1. */
  readonly workers?: number | undefined;
  /** Sparsifiers that the configuration may name beside the built-in ones. */
  readonly sparsifiers?: readonly Sparsifier[] | undefined;
  /** The command line, for the model card. */
  readonly command: string;
  readonly codeVersion: string;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** When it fires, the run stores its state and stops. */
  readonly signal?: AbortSignal | undefined;
}

export type TrainingOutcome =
  { readonly status: "finished"; readonly card: ModelCard } | { readonly status: "interrupted"; readonly step: number };

/** What a run works with, once everything is read. */
interface Workshop {
  readonly run: TrainingConfig;
  readonly config: ModelConfig;
  readonly sparsifier: ChosenSparsifier;
  readonly data: TrainingData;
  readonly corpus: TokenCorpus;
  readonly start: StartingPoint;
  readonly bigram: Float32Array | undefined;
}

/**
 * Trains a model from text or source files and writes its checkpoint. Equal configuration, data and seed give equal
 * bytes, however often the run is interrupted and resumed.
 *
 * @throws InputError for data or a stored state that does not fit, and where the disk is full.
 */
export async function train(run: TrainingConfig, options: TrainOptions): Promise<TrainingOutcome> {
  await useBackend("wasm");
  const { out, onProgress } = options;
  const workshop = await openWorkshop(run, options);
  const { config, sparsifier, start, bigram } = workshop;
  const settings = settingsOf(workshop);
  const stored = await loadState(out, settings);
  if (stored && !options.resume) {
    throw new InputError({
      what: `there is a run at step ${stored.step} already`,
      where: out,
      hint: "add --resume to go on with it, or give another --out folder",
    });
  }
  if (stored && stored.step > run.stopAfter) {
    throw new InputError({
      what: `the run is at step ${stored.step} already, after its end at ${run.stopAfter}`,
      where: out,
    });
  }
  const metrics = await MetricsFile.open(out, stored?.step ?? 0);
  const { name, stopAfter } = run;
  const store = new Store(
    { directory: out, name, steps: stopAfter, settings, sparsifier: sparsifier.plugin.name },
    metrics,
    stored?.step,
  );
  const state = stored ?? initialState(run, config, start.weights);
  const trainer = trainerOf(workshop, state, options);
  const crew = new Crew(Math.min(options.workers ?? 1, run.shards, run.batch), trainer.fixed, bigram);
  try {
    await store.open();
    const finished = await runSteps(workshop, trainer, crew, metrics, store, options);
    if (!finished) return { status: "interrupted", step: trainer.step };
    onProgress?.({ phase: "measuring means" });
    const values = valuesOf(trainer, bigram);
    const { means, heldOut } = withModel(config, values, (model) => ({
      means: siteMeans(model, batchesOf(workshop, "means")),
      heldOut: measure(model, batchesOf(workshop, "held-out")),
    }));
    const card = cardOf(workshop, { train: metrics.recentLoss(), heldOut: heldOut.loss }, values, options);
    await store.write(() => saveModel(out, { config, values, means, tokenizer: start.tokenizerText, card }));
    return { status: "finished", card };
  } finally {
    await crew.end();
    trainer.dispose();
  }
}

/** The sparsifier looks at the model here, and may refuse options that do not fit it. */
function trainerOf({ run, sparsifier, config, bigram }: Workshop, state: TrainerState, options: TrainOptions): Trainer {
  try {
    return new Trainer(run, sparsifier, config, state, bigram);
  } catch (error) {
    return throwFrom(options.configFile, "options")(error);
  }
}

async function openWorkshop(run: TrainingConfig, options: TrainOptions): Promise<Workshop> {
  const { baseDirectory, onProgress } = options;
  const sparsifier = await chooseSparsifier(
    { ...run.sparsifier, where: options.configFile },
    baseDirectory,
    options.sparsifiers,
  );
  onProgress?.({ phase: "reading" });
  const data = readTrainingData(run.data, options.data ?? [], baseDirectory);
  onProgress?.({ phase: "tokenizing", texts: data.count, notUtf8: data.notUtf8 });
  const start = await startingPoint(run, data.texts, baseDirectory);
  const { config } = start;
  const corpus = tokenizeCorpus(data.texts, start.tokenizer, run.context);
  const bigram = config.bigram ? bigramTable(corpus.train, config.vocabSize, run.bigram) : undefined;
  return { run, config, sparsifier, data, corpus, start, bigram };
}

/** Runs the steps that are left. False where the run was interrupted; its state is then stored. */
async function runSteps(
  workshop: Workshop,
  trainer: Trainer,
  crew: Crew,
  metrics: MetricsFile,
  store: Store,
  { signal, onProgress }: TrainOptions,
): Promise<boolean> {
  const { run, corpus } = workshop;
  const pace = new Pace();
  while (trainer.step < run.stopAfter) {
    const begun = performance.now();
    const batch = drawBatch(corpus.train, run, { seed: run.seed, name: "training/batch", index: trainer.step });
    const report = crew.size > 1 ? await trainer.takeStepWith(crew, batch) : trainer.takeStep(batch);
    const { step } = trainer;
    if (!Number.isFinite(report.loss) || !Number.isFinite(report.gradientRms)) {
      throw new InputError({ what: `the loss is no longer a number at step ${step}`, hint: "lower optimiser.rate" });
    }
    const stepped = performance.now();
    pace.addStep((stepped - begun) / 1000);
    const measured = step % run.evaluateEvery === 0 ? measureNow(workshop, trainer) : {};
    if (step % run.evaluateEvery === 0) pace.addPause((performance.now() - stepped) / 1000);
    if (step % LINE_EVERY === 0 || step % run.evaluateEvery === 0) metrics.add({ step, ...report, ...measured });
    onProgress?.({
      phase: "training",
      ...report,
      ...measured,
      step,
      steps: run.stopAfter,
      tokensPerSecond: run.batch * run.context * pace.stepsPerSecond,
      secondsLeft: pace.left(run.stopAfter - step, Math.floor((run.stopAfter - step) / run.evaluateEvery)),
    });
    // Let signals and timers in: a step blocks the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) {
      await store.save(trainer.state());
      return false;
    }
    if (step % run.checkpointEvery === 0 || step === run.stopAfter) await store.save(trainer.state());
  }
  return true;
}

/** The weights of a checkpoint. */
function valuesOf(trainer: Trainer, bigram: Float32Array | undefined): ParameterValues {
  const values = trainer.values();
  return bigram ? new Map([...values, ["bigram_table", bigram]]) : values;
}

function measureNow(
  workshop: Workshop,
  trainer: Trainer,
): { readonly heldOut: number; readonly deadNeurons: number; readonly nonzeros: number } {
  const { config, bigram } = workshop;
  const values = valuesOf(trainer, bigram);
  const measured = withModel(config, values, (model): Measured => measure(model, batchesOf(workshop, "held-out")));
  const { block } = countNonzeros(config, values);
  return { heldOut: measured.loss, deadNeurons: measured.deadNeurons, nonzeros: block.nonzero };
}

/** The same batches whenever they are asked for. */
function batchesOf({ run, corpus }: Workshop, what: "held-out" | "means"): TrainingBatch[] {
  const [tokens, length] = what === "means" ? [corpus.train, MEAN_BATCHES] : [corpus.heldOut, HELD_OUT_BATCHES];
  return Array.from({ length }, (_, index) =>
    drawBatch(tokens, run, { seed: run.seed, name: `training/${what}`, index }),
  );
}

/** All that the bytes of a run follow from; paths, names and where it ends or is stored are not of it. */
function settingsOf({ run, config, sparsifier, data, start }: Workshop): Settings {
  const { bigram, context, batch, shards, steps, optimiser, seed, evaluateEvery } = run;
  return flatten({
    data: `${data.count} texts, sha256 ${data.hash}`,
    ...(start.hash !== "" && { start: `a checkpoint, sha256 ${start.hash}` }),
    tokenizer: `${config.vocabSize} tokens, sha256 ${start.tokenizerHash}`,
    model: JSON.parse(formatConfig(config)) as unknown,
    ...(config.bigram && { bigram }),
    context,
    batch,
    shards,
    steps,
    optimiser,
    sparsifier: { name: sparsifier.plugin.name, version: sparsifier.plugin.version, options: sparsifier.options },
    seed,
    evaluateEvery,
  });
}

function cardOf(
  { run, config, sparsifier, data, corpus, start }: Workshop,
  losses: ModelCard["losses"],
  values: ParameterValues,
  { command, codeVersion }: TrainOptions,
): ModelCard {
  return {
    format: "filigree.model-card/1",
    name: run.name,
    command,
    codeVersion,
    data: {
      description: run.data.description,
      sha256: data.hash,
      files: data.count,
      notUtf8: data.notUtf8.length,
      tokens: corpus.train.length,
    },
    sparsifier: { name: sparsifier.plugin.name, options: sparsifier.options },
    optimiser: { name: "adam", ...run.optimiser, context: run.context, batch: run.batch },
    ...(start.hash !== "" && { startedFrom: start.hash }),
    steps: run.stopAfter,
    seed: run.seed,
    losses,
    nonzeros: countNonzeros(config, values),
  };
}

function countNonzeros(config: ModelConfig, values: ParameterValues): ModelCard["nonzeros"] {
  const counts = {
    block: { nonzero: 0, of: 0 },
    embedding: { nonzero: 0, of: 0 },
    unembedding: { nonzero: 0, of: 0 },
    bigram: { nonzero: 0, of: 0 },
  };
  for (const { name, role } of listParameters(config)) {
    if (!(role in counts)) continue;
    const entry = counts[role as keyof typeof counts];
    const data = values.get(name)!;
    entry.of += data.length;
    entry.nonzero += data.reduce((n, value) => n + (value === 0 ? 0 : 1), 0);
  }
  return counts;
}
