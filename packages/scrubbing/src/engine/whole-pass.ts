import {
  chainEdits,
  parseSite,
  readColumn,
  recordSites,
  siteAt,
  writeSites,
  type Activation,
  type Edit,
  type ModelConfig,
  type SiteName,
  type Write,
} from "@filigree/core";
import { batchExamples, type ExampleBatch } from "@filigree/tasks";
import type { Answers } from "./answers.ts";
import { BATCH_SIZE, patternsOf, runBatch, type CleanRuns } from "./clean-runs.ts";
import { heldScales } from "./held-scales.ts";
import { concat, type ReadPlace } from "./read-parts.ts";
import type { Swap, SwapWrite } from "./swaps.ts";

/** What a swapped run gives. */
export interface SwapResult {
  readonly after: Answers;
  readonly read: Float32Array;
}

/** A swap and what to read of its run. */
export interface SwapTask {
  readonly swap: Swap;
  readonly read: readonly ReadPlace[];
}

export interface PassOptions {
  /** Whether norms keep the scales of the undisturbed run. */
  readonly normsHeld: boolean;
}

/** Runs swaps as whole passes of the model, a batch at a time. `onBatch` is awaited after each, with its size. */
export async function runWhole(
  clean: CleanRuns,
  tasks: readonly SwapTask[],
  { normsHeld }: PassOptions,
  onBatch: (swaps: number) => Promise<void>,
): Promise<SwapResult[]> {
  const { dataset, model } = clean;
  const references = tasks.map(({ swap }) => dataset.examples[swap.reference]!);
  const results = Array.from<SwapResult>({ length: tasks.length });
  for (const batch of batchExamples(references, { causal: model.config.causal, batchSize: BATCH_SIZE })) {
    const chosen = batch.indices.map((i) => tasks[i]!);
    const writing = writesOf(clean, batch, chosen);
    const sites = new Set(chosen.flatMap(({ read }) => read.map(({ site }) => site)));
    const seen = new Map<SiteName, Activation>();
    const edit = chainEdits(writing.edit, recordSites(sites, seen));
    const patterns = new Set([...patternsOf(sites), ...writing.patterns]);
    const norms = normsHeld
      ? heldScales(
          clean,
          batch.batch,
          batch.readout,
          chosen.map(({ swap }) => swap.reference),
        )
      : undefined;
    const after = runBatch(model, batch, references, { edit, patterns, ...(norms && { norms }) });
    writing.requireMet();
    chosen.forEach(({ read }, row) => {
      const columns = read.map(({ site, channels, position }) => {
        const { seq } = batch.batch;
        const padded = padPattern(model.config, { site, channels }, batch.examples[row]!.ids.length, seq);
        return readColumn(seen.get(site)!, row * seq + position, padded);
      });
      results[batch.indices[row]!] = { after: after[row]!, read: concat(columns) };
    });
    await onBatch(chosen.length);
  }
  return results;
}

/** The edit that does a batch's writes. */
function writesOf(clean: CleanRuns, { batch, examples }: ExampleBatch, tasks: readonly SwapTask[]) {
  const writes = new Map<SiteName, Write[]>();
  const paths = new Map<number, { row: number; write: SwapWrite }[]>();
  const put = <K, T>(lists: Map<K, T[]>, key: K, item: T) => {
    const here = lists.get(key);
    if (here) here.push(item);
    else lists.set(key, [item]);
  };
  tasks.forEach(({ swap }, row) => {
    for (const write of swap.writes) {
      const { position, site, values } = write;
      if (write.receiver !== undefined) {
        put(paths, parseSite(site).layer!, { row, write });
        continue;
      }
      const channels = padPattern(
        clean.model.config,
        { site, channels: write.channels },
        examples[row]!.ids.length,
        batch.seq,
      );
      put(writes, site, { token: row * batch.seq + position, values, ...(channels && { channels }) });
    }
  });
  // The canary: a hook that the pass never meets would make every swap look harmless.
  const missed = new Set([...writes.keys(), ...[...paths.keys()].map((layer) => siteAt(layer, "attn.y"))]);
  const meet: Edit = (site, value) => {
    missed.delete(site);
    return value;
  };
  const received = [...paths].map(([layer, list]) => pathWrites(layer, clean.model.config.dHead, batch.seq, list));
  return {
    // What is received is the swapped run's own v and pattern; a mix that is written outright stays as it was written.
    edit: chainEdits(meet, ...received.map((r) => r.apply), writeSites(writes), ...received.map((r) => r.watch)),
    patterns: new Set([...patternsOf(writes.keys()), ...paths.keys()]),
    requireMet() {
      if (missed.size > 0) throw new Error(`The forward pass never met ${[...missed].join(", ")}.`);
    },
  };
}

/** Path writes of a layer: an edit that adds them to the mix, and one that sees the v and the pattern which that needs. */
function pathWrites(
  layer: number,
  dHead: number,
  seq: number,
  list: readonly { readonly row: number; readonly write: SwapWrite }[],
): { readonly apply: Edit; readonly watch: Edit } {
  const sites = { v: siteAt(layer, "attn.v"), pattern: siteAt(layer, "attn.pattern"), y: siteAt(layer, "attn.y") };
  const seen = new Map<SiteName, Activation>();
  return {
    watch: recordSites([sites.v, sites.pattern], seen),
    apply: (site, value) => {
      if (site !== sites.y) return value;
      const [v, pattern] = [seen.get(sites.v)!.values, seen.get(sites.pattern)!.values];
      const tokens = value.shape[1];
      const mix = value.dataSync<"float32">();
      const columns = new Map<number, Map<number, number>>();
      for (const { row, write } of list) {
        const [to, from] = [row * seq + write.receiver!, row * seq + write.position];
        if (!columns.has(to)) columns.set(to, new Map());
        const column = columns.get(to)!;
        write.values.forEach((sent, j) => {
          const c = write.channels ? write.channels[j]! : j;
          const weight = pattern[(Math.floor(c / dHead) * seq + write.position) * tokens + to]!;
          const change = weight * (sent - v[c * tokens + from]!);
          column.set(c, (column.get(c) ?? mix[c * tokens + to]!) + change);
        });
      }
      const changed = [...columns].map(([token, column]): Write => ({
        token,
        channels: [...column.keys()],
        values: Float32Array.from(column.values()),
      }));
      return writeSites(new Map([[site, changed]]))(site, value);
    },
  };
}

/** A pattern's channels are head · keys + key: here the keys of the padded row. Other sites' channels stay. */
function padPattern(
  { nHead }: ModelConfig,
  { site, channels }: Pick<ReadPlace, "site" | "channels">,
  length: number,
  seq: number,
): readonly number[] | undefined {
  if (parseSite(site).kind !== "attn.pattern") return channels;
  const all = channels ?? Array.from({ length: nHead * length }, (_, c) => c);
  return all.map((c) => Math.floor(c / length) * seq + (c % length));
}
