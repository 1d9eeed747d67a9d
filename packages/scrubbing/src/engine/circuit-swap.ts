import type * as tf from "@tensorflow/tfjs-core";
import {
  circuitCompiler,
  nodeSites,
  siteWidth,
  type Fills,
  type ModelConfig,
  type NodeMask,
  type ResampledRuns,
} from "@filigree/core";
import type { CircuitNodes } from "@filigree/hypothesis";
import { batchExamples, type ExampleBatch } from "@filigree/tasks";
import { divergence, squaredDistance, type Answers } from "./answers.ts";
import { answersOf, BATCH_SIZE, type CleanRuns } from "./clean-runs.ts";
import { heldScales } from "./held-scales.ts";
import { edgeCuts, type ModelEdge } from "./model-edges.ts";

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
  /** Awaited with the size of each batch: of donors before they are run, of circuits after. */
  readonly onBatch: (sequences: number) => Promise<void>;
  /** Nothing is run: every outcome is that of a swap that changes nothing. */
  readonly dry?: boolean | undefined;
  /** Whether norms keep the scales of the references' undisturbed runs. */
  readonly normsHeld: boolean;
  /**
   * How many bytes of donors' runs are kept from one circuit to the next; half a GiB, where left out. What is not kept is
   * run again.
   */
  readonly keptBytes?: number | undefined;
}

interface PreparedBatch {
  readonly batch: ExampleBatch;
  readonly pairs: readonly CircuitPair[];
  /** What its donors show; undefined where that was not asked for yet, or is too much to keep. */
  runs: ResampledRuns | undefined;
  /** Whether the donors' runs were counted. */
  counted: boolean;
}

const KEPT_BYTES = 2 ** 29;

/** Runs references with nodes replaced by a donor's, at all tokens. Batches keep the donors' runs between masks. */
export class CircuitSwaps {
  readonly #clean: CleanRuns;
  readonly #options: CircuitOptions;
  readonly #batches: readonly PreparedBatch[];

  constructor(clean: CleanRuns, pairs: readonly CircuitPair[], options: CircuitOptions) {
    this.#clean = clean;
    this.#options = options;
    const { examples } = clean.dataset;
    const { causal } = clean.model.config;
    const references = pairs.map(({ reference }) => examples[reference]!);
    this.#batches = batchExamples(references, { causal, batchSize: BATCH_SIZE }).map((batch): PreparedBatch => {
      return { batch, pairs: batch.indices.map((i) => pairs[i]!), runs: undefined, counted: false };
    });
  }

  /**
   * Keeps what the mask keeps; everything else of the eight sites comes from the donor, and so does what edges carry that
   * are cut. Order as in the pairs' batches.
   */
  resample(keep: NodeMask, cut: readonly ModelEdge[] = []): Promise<CircuitOutcome[]> {
    const cuts = edgeCuts(cut);
    return this.#run(
      (prepared) => {
        const runs = prepared.runs ?? this.#runDonors(prepared.batch, prepared.pairs);
        const logits = runs.logits(keep, cuts);
        this.#keep(prepared, runs);
        return logits;
      },
      { donors: true },
    );
  }

  /** Keeps what the mask keeps; everything else shows a fixed fill, cut edges that of what they read. Norms run live. */
  ablate(keep: NodeMask, fills: Fills, cut: readonly ModelEdge[] = []): Promise<CircuitOutcome[]> {
    const { model } = this.#clean;
    const cuts = cut.length > 0 ? this.#clean.edges.constantCuts(cut, fills) : undefined;
    const circuit = circuitCompiler(model)(keep, fills, cuts);
    return this.#run(({ batch: { batch, readout } }) => circuit.logits(batch, readout), { donors: false });
  }

  async #run(
    logitsOf: (batch: PreparedBatch) => tf.Tensor2D,
    { donors }: { readonly donors: boolean },
  ): Promise<CircuitOutcome[]> {
    const { dataset, answers } = this.#clean;
    const outcomes: CircuitOutcome[] = [];
    for (const prepared of this.#batches) {
      const { pairs } = prepared;
      // Donors count once, however often they have to be run.
      if (donors && !prepared.counted) await this.#options.onBatch(pairs.length);
      if (donors) prepared.counted = true;
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

  /** Keeps a batch's runs as long as there is room: they grow with what circuits ask of them. */
  #keep(prepared: PreparedBatch, runs: ResampledRuns): void {
    prepared.runs = runs;
    const bytes = this.#batches.reduce((sum, { runs }) => sum + (runs?.bytes ?? 0), 0);
    if (bytes > (this.#options.keptBytes ?? KEPT_BYTES)) prepared.runs = undefined;
  }

  /** The donors' runs in the shape of the references' batch: padding lies in the same places, as lengths are equal. */
  #runDonors({ batch, readout }: ExampleBatch, pairs: readonly CircuitPair[]): ResampledRuns {
    const { dataset } = this.#clean;
    const donors = new Int32Array(batch.ids.length);
    pairs.forEach(({ donor }, row) => donors.set(dataset.examples[donor]!.ids, row * batch.seq));
    const references = pairs.map(({ reference }) => reference);
    const norms = this.#options.normsHeld ? heldScales(this.#clean, batch, readout, references) : undefined;
    return this.#clean.resampler({ references: batch, donors, readout, norms });
  }
}
