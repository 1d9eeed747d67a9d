import { createHash } from "node:crypto";
import {
  disposeModel,
  formatConfig,
  freezeParameters,
  InputError,
  listParameters,
  saveModel,
  useBackend,
  type Model,
  type ModelCard,
  type ModelConfig,
  type ParameterValues,
} from "@filigree/core";
import { hashCorpus, readCorpus, splitCorpus, type CorpusFile } from "@filigree/tasks";
import type { TrainingConfig } from "./config.ts";
import { siteMeans } from "./means.ts";
import { startingPoint } from "./starting-point.ts";
import { loadState, MetricsFile, saveState, type RunIdentity } from "./run-files.ts";
import { bigramTable, drawBatch, tokenizeCorpus, type TokenCorpus } from "./tokens.ts";
import { initialState, Trainer, type StepReport } from "./trainer.ts";

/** Batches that the held-out loss and the corpus means are measured on. */
const HELD_OUT_BATCHES = 8;
const MEAN_BATCHES = 32;

/** What a run says of itself while it goes on. */
export type TrainingProgress =
  | { readonly phase: "reading" | "tokenizing" | "measuring means" }
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
  /** Folder of the configuration, from which its `start` is resolved. */
  readonly baseDirectory: string;
  /** Folder of source files; overrides the configuration's. */
  readonly data?: string | undefined;
  /** Go on from the folder's stored state, if there is one. Otherwise a stored state is an error. */
  readonly resume?: boolean | undefined;
  /** The command line, for the model card. */
  readonly command: string;
  readonly codeVersion: string;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** When it fires, the run stores its state and stops. */
  readonly signal?: AbortSignal | undefined;
}

export type TrainingOutcome =
  { readonly status: "finished"; readonly card: ModelCard } | { readonly status: "interrupted"; readonly step: number };

/**
 * Trains a model from a folder of source files and writes its checkpoint. Equal configuration, data and seed give
 * equal bytes, however often the run is interrupted and resumed.
 *
 * @throws InputError for data or a stored state that does not fit.
 */
export async function train(run: TrainingConfig, options: TrainOptions): Promise<TrainingOutcome> {
  await useBackend("wasm");
  const { onProgress } = options;
  onProgress?.({ phase: "reading" });
  const files = readData(run, options.data);
  onProgress?.({ phase: "tokenizing" });
  const start = await startingPoint(run, files, options.baseDirectory);
  const { config, tokenizerText } = start;
  const corpus = tokenizeCorpus(files, start.tokenizer, run.context);
  const bigram = config.bigram ? bigramTable(corpus.train, config.vocabSize, run.bigram) : undefined;

  const dataHash = hashCorpus(files);
  const identity = identify(run, config, dataHash, start.hash);
  const stored = await loadState(options.out, identity);
  if (stored && !options.resume) {
    throw new InputError({
      what: `there is a run at step ${stored.step} already`,
      where: options.out,
      hint: "add --resume to go on with it, or give another --out folder",
    });
  }
  const metrics = await MetricsFile.open(options.out, stored?.step ?? 0);
  const trainer = new Trainer(run, config, stored ?? initialState(run, config, start.weights), bigram);
  try {
    const finished = await runSteps(run, trainer, corpus, metrics, identity, options);
    if (!finished) return { status: "interrupted", step: trainer.step };
    const state = trainer.state();
    const values: ParameterValues = bigram ? new Map([...state.weights, ["bigram_table", bigram]]) : state.weights;
    onProgress?.({ phase: "measuring means" });
    const means = measureMeans(run, config, values, corpus);
    const card: ModelCard = {
      format: "filigree.model-card/1",
      name: run.name,
      command: options.command,
      codeVersion: options.codeVersion,
      data: {
        description: run.data.description,
        sha256: dataHash,
        files: files.length,
        tokens: corpus.train.length,
      },
      sparsifier: { name: run.sparsifier.plugin.name, options: run.sparsifier.options },
      optimiser: { name: "adam", ...run.optimiser, context: run.context, batch: run.batch },
      ...(start.hash !== "" && { startedFrom: start.hash }),
      steps: run.stopAfter,
      seed: run.seed,
      losses: { train: metrics.recentLoss(), heldOut: heldOutLoss(run, trainer, corpus) },
      nonzeros: countNonzeros(config, values),
    };
    await saveModel(options.out, { config, values, means, tokenizer: tokenizerText, card });
    return { status: "finished", card };
  } finally {
    trainer.dispose();
  }
}

function readData(run: TrainingConfig, override: string | undefined): CorpusFile[] {
  const root = override ?? run.data.root;
  if (root === undefined) {
    throw new InputError({ what: "no training data is named", hint: "give --data FOLDER, or data.root in the config" });
  }
  return splitCorpus(readCorpus({ root, extensions: run.data.extensions, exclude: run.data.exclude }));
}

/** Runs the steps that are left. False where the run was interrupted; its state is then stored. */
async function runSteps(
  run: TrainingConfig,
  trainer: Trainer,
  corpus: TokenCorpus,
  metrics: MetricsFile,
  identity: RunIdentity,
  { out, signal, onProgress }: TrainOptions,
): Promise<boolean> {
  const store = async () => {
    await metrics.save();
    await saveState(out, trainer.state(), identity);
  };
  let pace: number | undefined;
  while (trainer.step < run.stopAfter) {
    const begun = performance.now();
    const batch = drawBatch(corpus.train, run, { seed: run.seed, name: "training/batch", index: trainer.step });
    const report = trainer.takeStep(batch);
    const { step } = trainer;
    if (!Number.isFinite(report.loss)) {
      throw new InputError({ what: `the loss is ${report.loss} at step ${step}`, hint: "lower optimiser.rate" });
    }
    const seconds = (performance.now() - begun) / 1000;
    pace = pace === undefined ? seconds : 0.95 * pace + 0.05 * seconds;
    const heldOut = step % run.evaluateEvery === 0 ? heldOutLoss(run, trainer, corpus) : undefined;
    const measured = heldOut === undefined ? {} : { heldOut };
    if (step % 10 === 0 || heldOut !== undefined) metrics.add({ step, ...report, ...measured });
    onProgress?.({
      phase: "training",
      ...report,
      ...measured,
      step,
      steps: run.stopAfter,
      tokensPerSecond: (run.batch * run.context) / pace,
      secondsLeft: (run.stopAfter - step) * pace,
    });
    // Let signals and timers in: a step blocks the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) {
      await store();
      return false;
    }
    if (step % run.checkpointEvery === 0 || step === run.stopAfter) await store();
  }
  return true;
}

function heldOutLoss(run: TrainingConfig, trainer: Trainer, corpus: TokenCorpus): number {
  let sum = 0;
  for (let index = 0; index < HELD_OUT_BATCHES; index++) {
    sum += trainer.loss(drawBatch(corpus.heldOut, run, { seed: run.seed, name: "training/held-out", index }));
  }
  return sum / HELD_OUT_BATCHES;
}

function measureMeans(run: TrainingConfig, config: ModelConfig, values: ParameterValues, corpus: TokenCorpus) {
  const model: Model = {
    config,
    parameters: freezeParameters(config, values),
    means: new Map(),
    tokenizer: undefined,
    hash: "",
  };
  const batches = Array.from({ length: MEAN_BATCHES }, (_, index) =>
    drawBatch(corpus.train, run, { seed: run.seed, name: "training/means", index }),
  );
  const means = siteMeans(model, batches);
  disposeModel(model);
  return means;
}

/** Equal exactly where a stored state may go on: all but paths and where the data lies. */
function identify(run: TrainingConfig, config: ModelConfig, dataHash: string, startHash: string): RunIdentity {
  const { name: _, model: __, data: ___, start: ____, sparsifier, checkpointEvery: _____, ...rest } = run;
  const parts = [formatConfig(config), dataHash, startHash, rest, sparsifier.plugin.name, sparsifier.options];
  return { hash: createHash("sha256").update(JSON.stringify(parts)).digest("hex") };
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
