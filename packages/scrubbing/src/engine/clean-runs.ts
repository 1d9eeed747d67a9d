import type * as tf from "@tensorflow/tfjs-core";
import {
  circuitResampler,
  siteAt,
  siteName,
  siteWidth,
  parseSite,
  recordSites,
  runModel,
  type Activation,
  type ForwardOptions,
  type Model,
  type ModelConfig,
  type SiteName,
} from "@filigree/core";
import { batchExamples, type ExampleBatch } from "@filigree/tasks";
import type { Dataset, DatasetExample } from "../data/dataset.ts";
import { readAnswers, type Answers } from "./answers.ts";
import { ModelEdges } from "./model-edges.ts";

/** Rows of a batch: few enough for the second cache. Results do not depend on it: columns of a pass never mix. */
export const BATCH_SIZE = 32;

/** How many bytes of recordings the first run may make beside its answers, and how many are kept at most. */
const AHEAD_BYTES = 2 ** 28;
const KEPT_BYTES = 2 ** 30;

/**
 * The undisturbed run of every example: what it answers, and what its sites show. Sites are recorded when first asked
 * for, and again where they had to make room for others.
 */
export class CleanRuns {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly answers: readonly Answers[];
  /** Per site and example: token-major values, [token · channels + channel]. */
  readonly #recorded: Map<SiteName, Float32Array[]>;
  readonly #memory: WeakSet<ArrayBufferLike>;
  #resampler: ReturnType<typeof circuitResampler> | undefined;
  #edges: ModelEdges | undefined;

  /**
   * @param options.ahead whether the first run records what almost every claim asks for; true where left out
   * @param options.same runs of the same prompts with the same answers, to share
   */
  constructor(model: Model, dataset: Dataset, options: { readonly ahead?: boolean; readonly same?: CleanRuns } = {}) {
    const { ahead = true, same } = options;
    this.model = model;
    this.dataset = dataset;
    this.#recorded = same ? same.#recorded : new Map();
    this.#memory = same ? same.#memory : new WeakSet();
    this.answers = same ? same.answers : this.#run(ahead ? sitesAhead(model.config, dataset) : []);
  }

  /** These runs for a dataset of the same prompts with the same answers: what either records, both have. */
  with(dataset: Dataset): CleanRuns {
    return new CleanRuns(this.model, dataset, { same: this });
  }

  /** Runs circuits among donors. What it reads of the weights, it reads once. */
  get resampler(): ReturnType<typeof circuitResampler> {
    return (this.#resampler ??= circuitResampler(this.model));
  }

  /** The model's edges. */
  get edges(): ModelEdges {
    return (this.#edges ??= new ModelEdges(this.model));
  }

  /** Makes sites available, in one pass over the dataset for all that are missing. */
  record(sites: Iterable<SiteName>): void {
    const missing = [...new Set(sites)].filter((site) => !this.#recorded.has(site));
    if (missing.length === 0) return;
    this.#run(missing);
    const wanted = new Set(sites);
    for (const site of this.#recorded.keys()) {
      if (this.#size() <= KEPT_BYTES) break;
      if (!wanted.has(site)) this.#recorded.delete(site);
    }
  }

  /** Whether memory holds recorded values: these never change. */
  isRecording(memory: ArrayBufferLike): boolean {
    return this.#memory.has(memory);
  }

  /** A site of an example, token by token; recorded now, where it was not. */
  columns(site: SiteName, example: number): Float32Array {
    this.record([site]);
    return this.#recorded.get(site)![example]!;
  }

  /** All channels of a recorded site at one token of an example. For a pattern: [head · seq + key] of one query. */
  column(site: SiteName, example: number, token: number): Float32Array {
    const values = this.#recorded.get(site)?.[example];
    if (!values) throw new Error(`The site ${site} was not recorded.`);
    const channels = values.length / this.dataset.examples[example]!.ids.length;
    return values.subarray(token * channels, (token + 1) * channels);
  }

  #size(): number {
    return [...this.#recorded.values()].flat().reduce((bytes, { byteLength }) => bytes + byteLength, 0);
  }

  #run(sites: readonly SiteName[]): Answers[] {
    const { examples } = this.dataset;
    for (const site of sites) this.#recorded.set(site, Array.from<Float32Array>({ length: examples.length }));
    const answers = Array.from<Answers>({ length: examples.length });
    const { causal } = this.model.config;
    for (const batch of batchExamples(examples, { causal, batchSize: BATCH_SIZE })) {
      const seen = new Map<SiteName, Activation>();
      const rows = runBatch(this.model, batch, examples, {
        edit: recordSites(sites, seen),
        patterns: patternsOf(sites),
      });
      rows.forEach((row, i) => (answers[batch.indices[i]!] = row));
      for (const site of sites) {
        batch.indices.forEach((index, row) => {
          const columns = exampleColumns(site, seen.get(site)!, batch, row);
          this.#recorded.get(site)![index] = columns;
          this.#memory.add(columns.buffer);
        });
      }
    }
    return answers;
  }
}

/** What almost every claim asks for, where that is not too much: another run for each would cost more. */
function sitesAhead(config: ModelConfig, { examples }: Dataset): SiteName[] {
  const kinds = ["resid_in", "attn.q", "attn.k", "attn.v", "attn.y", "resid_mid"] as const;
  const sites = [
    siteName("embed"),
    ...Array.from({ length: config.nLayer }, (_, layer) => kinds.map((kind) => siteAt(layer, kind))).flat(),
  ];
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  const channels = sites.reduce((sum, site) => sum + siteWidth(config, site), 0);
  return 4 * tokens * channels <= AHEAD_BYTES ? sites : [];
}

/** Runs a batch and reads each row's answers. `all` holds what the batch's indices point into. */
export function runBatch(
  model: Model,
  batch: ExampleBatch,
  all: readonly DatasetExample[],
  options: Pick<ForwardOptions, "edit" | "patterns" | "norms" | "narrow">,
): Answers[] {
  const logits = runModel(model, batch.batch, { ...options, readout: batch.readout });
  return answersOf(
    logits,
    batch.indices.map((index) => all[index]!),
  );
}

/** Each example's answers from its column of the logits [outputs, examples], which are disposed. */
export function answersOf(logits: tf.Tensor2D, examples: readonly DatasetExample[]): Answers[] {
  const values = logits.dataSync<"float32">();
  logits.dispose();
  const columns = examples.length;
  return examples.map((example, column) => readAnswers(example, (output) => values[output * columns + column]!));
}

/** The layers whose patterns are among the sites. */
export function patternsOf(sites: Iterable<SiteName>): Set<number> {
  const layers = new Set<number>();
  for (const site of sites) {
    const { layer, kind } = parseSite(site);
    if (kind === "attn.pattern" && layer !== undefined) layers.add(layer);
  }
  return layers;
}

/** Copies one row's tokens out of a batch's activation, token-major. */
function exampleColumns(site: SiteName, activation: Activation, batch: ExampleBatch, row: number): Float32Array {
  const length = batch.examples[row]!.ids.length;
  const { seq } = batch.batch;
  const { channels, tokens, values } = activation;
  if (parseSite(site).kind === "attn.pattern") {
    // [head · seq + key, batch · seq + query] → [query][head · length + key]: padding holds no keys of this row.
    const heads = channels / seq;
    const out = new Float32Array(length * heads * length);
    for (let query = 0; query < length; query++) {
      for (let h = 0; h < heads; h++) {
        for (let key = 0; key < length; key++) {
          out[(query * heads + h) * length + key] = values[(h * seq + key) * tokens + row * seq + query]!;
        }
      }
    }
    return out;
  }
  const out = new Float32Array(length * channels);
  for (let t = 0; t < length; t++) {
    for (let c = 0; c < channels; c++) out[t * channels + c] = values[c * tokens + row * seq + t]!;
  }
  return out;
}
