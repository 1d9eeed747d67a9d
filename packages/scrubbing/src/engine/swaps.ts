import { chainEdits, parseSite, writeSites, type SiteName, type Write } from "@filigree/core";
import { batchExamples } from "@filigree/tasks";
import { divergence, squaredDistance, type Answers } from "./answers.ts";
import { BATCH_SIZE, patternsOf, runBatch, type CleanRuns } from "./clean-runs.ts";

/** Values put at one token of one site of the reference's run. */
export interface SwapWrite {
  readonly site: SiteName;
  /** Flat channels; all, where left out. */
  readonly channels?: readonly number[] | undefined;
  /** Token of the reference. */
  readonly position: number;
  readonly values: Float32Array;
  readonly from: TokenSource | PathSource;
}

/** Values as the donor shows them at one token. */
export interface TokenSource {
  readonly donor: number;
  readonly position: number;
}

/** Values computed for one receiver, as if `site` of the reference showed the donor's tokens instead of its own. */
export interface PathSource {
  readonly donor: number;
  readonly site: SiteName;
  readonly senders: readonly { readonly position: number; readonly from: number }[];
}

/** The reference's run with parts overwritten by the donor's. Both are dataset indices. */
export interface Swap {
  readonly reference: number;
  readonly donor: number;
  readonly writes: readonly SwapWrite[];
}

/** What a swap did to the answers. */
export interface SwapOutcome {
  readonly swap: Swap;
  readonly before: Answers;
  readonly after: Answers;
  /** ‖after − before‖². */
  readonly delta2: number;
  /** KL(before ‖ after), nats. */
  readonly kl: number;
  /** Whether everything written equals, to the bit, what was there: then nothing was run. */
  readonly identical: boolean;
}

export interface SwapRunOptions {
  /** Runs swaps that write what is there too: for the sham. */
  readonly evenIdentical?: boolean;
  /** Awaited after each batch. */
  readonly onBatch?: ((sequences: number, done: number, of: number) => Promise<void>) | undefined;
}

/** Runs swaps in batches. Outcomes come in the order of the swaps. */
export async function runSwaps(
  clean: CleanRuns,
  swaps: readonly Swap[],
  options: SwapRunOptions = {},
): Promise<SwapOutcome[]> {
  const { dataset, model } = clean;
  clean.record(swaps.flatMap(({ writes }) => writes.map(({ site }) => site)));
  const outcomes = Array.from<SwapOutcome>({ length: swaps.length });
  const live: number[] = [];
  swaps.forEach((swap, i) => {
    const before = clean.answers[swap.reference]!;
    if (!options.evenIdentical && swap.writes.every((write) => writesWhatIsThere(clean, swap.reference, write))) {
      outcomes[i] = { swap, before, after: before, delta2: 0, kl: 0, identical: true };
    } else live.push(i);
  });
  const references = live.map((i) => dataset.examples[swaps[i]!.reference]!);
  let done = 0;
  for (const batch of batchExamples(references, { causal: model.config.causal, batchSize: BATCH_SIZE })) {
    const writes = new Map<SiteName, Write[]>();
    batch.indices.forEach((index, row) => {
      for (const { site, channels: given, position, values } of swaps[live[index]!]!.writes) {
        const { seq } = batch.batch;
        const channels = given && padPattern(site, given, batch.examples[row]!.ids.length, seq);
        const write: Write = { token: row * seq + position, values, ...(channels && { channels }) };
        const here = writes.get(site);
        if (here) here.push(write);
        else writes.set(site, [write]);
      }
    });
    // The canary: a hook that the pass never meets would make every swap look harmless.
    const missed = new Set(writes.keys());
    const watch = writeSites(writes);
    const edit = chainEdits((site, value) => {
      missed.delete(site);
      return watch(site, value);
    });
    const after = runBatch(model, batch, references, edit, patternsOf(writes.keys()));
    if (missed.size > 0) throw new Error(`The forward pass never met ${[...missed].join(", ")}.`);
    batch.indices.forEach((index, row) => {
      const swap = swaps[live[index]!]!;
      const before = clean.answers[swap.reference]!;
      outcomes[live[index]!] = {
        swap,
        before,
        after: after[row]!,
        delta2: squaredDistance(before, after[row]!),
        kl: divergence(before, after[row]!),
        identical: false,
      };
    });
    done += batch.indices.length;
    await options.onBatch?.(batch.indices.length, done, live.length);
  }
  return outcomes;
}

/** A pattern's channels are head · keys + key: here the keys of the padded row. Other sites' channels stay. */
function padPattern(site: SiteName, channels: readonly number[], length: number, seq: number): readonly number[] {
  if (length === seq || parseSite(site).kind !== "attn.pattern") return channels;
  return channels.map((c) => Math.floor(c / length) * seq + (c % length));
}

function writesWhatIsThere(clean: CleanRuns, reference: number, write: SwapWrite): boolean {
  const there = clean.column(write.site, reference, write.position);
  const { channels, values } = write;
  return values.every((value, j) => Object.is(value, there[channels ? channels[j]! : j]));
}
