import type * as tf from "@tensorflow/tfjs-core";
import {
  circuitCompiler,
  nodeSites,
  recordSites,
  replaceChannels,
  runModel,
  siteWidth,
  type Activation,
  type Fills,
  type ModelConfig,
  type NodeMask,
  type SiteName,
} from "@filigree/core";
import type { CircuitNodes } from "@filigree/hypothesis";
import { batchExamples, type ExampleBatch } from "@filigree/tasks";
import { divergence, squaredDistance, type Answers } from "./answers.ts";
import { answersOf, BATCH_SIZE, type CleanRuns } from "./clean-runs.ts";
import { heldScales } from "./held-scales.ts";

/** A reference and the donor of everything that is replaced; both have equal length. Dataset indices. */
export interface CircuitPair {
  readonly reference: number;
  readonly donor: number;
}

/** What replacing nodes did to one reference. */
export interface CircuitOutcome extends CircuitPair {
  readonly before: Answers;
  readonly after: Answers;
  readonly delta2: number;
  readonly kl: number;
}

/** 1 at the circuit's nodes, 0 elsewhere, over all eight node sites of every layer. */
export function circuitMask(config: ModelConfig, circuit: CircuitNodes): NodeMask {
  const mask = new Map(nodeSites(config).map((site) => [site, new Float32Array(siteWidth(config, site))]));
  for (const { site, channels } of circuit.nodes) {
    const gates = mask.get(site)!;
    if (channels === "all") gates.fill(1);
    else for (const c of channels) gates[c] = 1;
  }
  return mask;
}

/** The nodes that a mask leaves out. */
export function complement(mask: NodeMask): NodeMask {
  return new Map([...mask].map(([site, gates]) => [site, gates.map((gate) => 1 - gate)]));
}

export interface CircuitOptions {
  /** Awaited after each batch of donors, and of what runs later, with its size. */
  readonly onBatch: (sequences: number) => Promise<void>;
  /** Nothing is run: every outcome is that of a swap that changes nothing. */
  readonly dry?: boolean | undefined;
  /** Whether norms keep the scales of the references' undisturbed runs. */
  readonly normsHeld: boolean;
}

interface PreparedBatch {
  readonly batch: ExampleBatch;
  readonly pairs: readonly CircuitPair[];
  readonly donated: Map<SiteName, Activation>;
}

/** Runs references with nodes replaced by a donor's, at all tokens. Batches keep the donors' recordings between masks. */
export class CircuitSwaps {
  readonly #clean: CleanRuns;
  readonly #options: CircuitOptions;
  readonly #batches: PreparedBatch[] = [];

  private constructor(clean: CleanRuns, options: CircuitOptions) {
    this.#clean = clean;
    this.#options = options;
  }

  /** Runs the donors. */
  static async prepare(
    clean: CleanRuns,
    pairs: readonly CircuitPair[],
    options: CircuitOptions,
  ): Promise<CircuitSwaps> {
    const swaps = new CircuitSwaps(clean, options);
    const { examples } = clean.dataset;
    const { causal } = clean.model.config;
    const references = pairs.map(({ reference }) => examples[reference]!);
    for (const batch of batchExamples(references, { causal, batchSize: BATCH_SIZE })) {
      const chosen = batch.indices.map((i) => pairs[i]!);
      const donated = options.dry ? new Map<SiteName, Activation>() : swaps.#runDonors(batch, chosen);
      swaps.#batches.push({ batch, pairs: chosen, donated });
      await options.onBatch(chosen.length);
    }
    return swaps;
  }

  /** Keeps what the mask keeps; everything else of the eight sites comes from the donor. Order as in the pairs' batches. */
  resample(keep: NodeMask): Promise<CircuitOutcome[]> {
    const { model } = this.#clean;
    return this.#run(({ batch: { batch, readout }, pairs, donated }) => {
      const references = pairs.map(({ reference }) => reference);
      const norms = this.#options.normsHeld ? heldScales(this.#clean, batch, readout, references) : undefined;
      const edit = replaceChannels(keep, donated);
      return runModel(model, batch, { edit, readout, narrow: true, ...(norms && { norms }) });
    });
  }

  /** Keeps what the mask keeps; everything else shows a fixed fill. Norms run live. */
  ablate(keep: NodeMask, fills: Fills): Promise<CircuitOutcome[]> {
    const circuit = circuitCompiler(this.#clean.model)(keep, fills);
    return this.#run(({ batch: { batch, readout } }) => circuit.logits(batch, readout));
  }

  async #run(logitsOf: (batch: PreparedBatch) => tf.Tensor2D): Promise<CircuitOutcome[]> {
    const { dataset, answers } = this.#clean;
    const outcomes: CircuitOutcome[] = [];
    for (const prepared of this.#batches) {
      const { pairs } = prepared;
      const references = pairs.map(({ reference }) => dataset.examples[reference]!);
      const after = this.#options.dry
        ? pairs.map(({ reference }) => answers[reference]!)
        : answersOf(logitsOf(prepared), references);
      for (const [row, pair] of pairs.entries()) {
        const before = answers[pair.reference]!;
        const now = after[row]!;
        const kl = divergence(before, now);
        outcomes.push({ ...pair, before, after: now, delta2: squaredDistance(before, now), kl });
      }
      await this.#options.onBatch(pairs.length);
    }
    return outcomes;
  }

  /** The donors' runs in the shape of the references' batch: padding lies in the same places, as lengths are equal. */
  #runDonors(batch: ExampleBatch, pairs: readonly CircuitPair[]): Map<SiteName, Activation> {
    const { model, dataset } = this.#clean;
    const { seq } = batch.batch;
    const ids = new Int32Array(batch.batch.ids.length);
    pairs.forEach(({ donor }, row) => ids.set(dataset.examples[donor]!.ids, row * seq));
    const donated = new Map<SiteName, Activation>();
    const edit = recordSites(nodeSites(model.config), donated);
    runModel(model, { ...batch.batch, ids }, { edit, readout: batch.readout, narrow: true }).dispose();
    return donated;
  }
}
