import {
  KnownRuns,
  OutputRows,
  parseSite,
  ResumedBatch,
  resumeRuns,
  siteAt,
  siteName,
  type RowRead,
  type SiteName,
} from "@filigree/core";
import { readAnswers } from "./answers.ts";
import type { CleanRuns } from "./clean-runs.ts";
import { concat, pick } from "./read-parts.ts";
import type { PassOptions, SwapResult, SwapTask } from "./whole-pass.ts";

/** So many rows may differ in swaps that are run together: what a layer makes of them stays in the second cache. */
const ROWS_AT_ONCE = 512;

/**
 * Runs swaps from the recorded runs of their references: nothing is computed before the first write, beside the tokens
 * that it reaches, or of outputs that are no answers. Results equal those of `runWhole` to the bit, the sham's too: what
 * is not computed is what the undisturbed run showed. It keeps tensors.
 */
export class ResumedPass {
  readonly #clean: CleanRuns;
  readonly #known: KnownRuns;
  readonly #outputs: OutputRows;
  /** Where each output stands in what `#outputs` gives. */
  readonly #places: ReadonlyMap<number, number>;

  constructor(clean: CleanRuns) {
    const { examples } = clean.dataset;
    this.#clean = clean;
    this.#known = new KnownRuns(
      clean.model.config,
      examples.map(({ ids, index }) => ({ ids, site: (site) => clean.columns(site, index) })),
    );
    // In a numeric task the one output is the first.
    const answers = new Set(examples.flatMap(({ answers }) => (answers.length > 0 ? answers : [0])));
    const outputs = Int32Array.from(answers).sort();
    this.#outputs = new OutputRows(clean.model, outputs);
    this.#places = new Map([...outputs].map((output, place) => [output, place]));
  }

  /** `onBatch` is awaited after each batch, with its size. */
  async run(
    tasks: readonly SwapTask[],
    options: PassOptions,
    onBatch: (swaps: number) => Promise<void>,
  ): Promise<SwapResult[]> {
    this.#record(tasks, options);
    const results: SwapResult[] = [];
    while (results.length < tasks.length) {
      const { chosen, batch } = this.#nextBatch(tasks, results.length);
      results.push(...this.#runBatch(chosen, batch, options));
      await onBatch(chosen.length);
    }
    return results;
  }

  dispose(): void {
    this.#known.dispose();
    this.#outputs.dispose();
  }

  /** The next tasks, as runs to resume. Swaps of one reference share rows where they come one after the other. */
  #nextBatch(tasks: readonly SwapTask[], start: number): { chosen: readonly SwapTask[]; batch: ResumedBatch } {
    const { dataset, model } = this.#clean;
    const batch = new ResumedBatch(model.config, this.#known);
    let end = start;
    while (end < tasks.length && batch.rows < ROWS_AT_ONCE) {
      const { reference, writes } = tasks[end++]!.swap;
      batch.add(
        { known: reference, readout: dataset.examples[reference]!.position },
        writes.map(({ site, channels, position: token, values, receiver }) => {
          return { site, token, channels, values, receiver };
        }),
      );
    }
    return { chosen: tasks.slice(start, end), batch };
  }

  #runBatch(chosen: readonly SwapTask[], batch: ResumedBatch, { normsHeld }: PassOptions): SwapResult[] {
    const { dataset, model, answers } = this.#clean;
    const reads = readsOf(chosen);
    const done = resumeRuns(model, { batch, reads: reads.bySite, normsHeld, outputs: this.#outputs });
    // The canary: a hook that the pass never meets would make every swap look harmless.
    const missed = [...batch.writes.keys()].filter((site) => !done.met.has(site));
    if (missed.length > 0) throw new Error(`The forward pass never met ${missed.join(", ")}.`);
    return chosen.map(({ swap, read }, run) => {
      const logits = done.logits[run];
      const example = dataset.examples[swap.reference]!;
      return {
        after: logits ? readAnswers(example, (output) => logits[this.#places.get(output)!]!) : answers[swap.reference]!,
        read: concat(
          read.map(({ site, channels }, j) => pick(done.reads.get(site)![reads.places[run]![j]!]!, channels)),
        ),
      };
    });
  }

  /** Records what the pass is likely to ask for, all at once: each time costs a run of the model on every example. */
  #record(tasks: readonly SwapTask[], { normsHeld }: PassOptions): void {
    const { nLayer } = this.#clean.model.config;
    const written = new Set(tasks.flatMap(({ swap }) => swap.writes.map(({ site }) => site)));
    const layers = [...written].map((site) => (site === "embed" ? 0 : (parseSite(site).layer ?? nLayer)));
    const first = Math.min(nLayer, ...layers);
    const sites: SiteName[] = normsHeld ? [siteName("final_resid")] : [];
    for (let i = first; i < nLayer; i++) {
      sites.push(siteAt(i, "attn.k"), siteAt(i, "attn.v"));
      if (i === first) sites.push(siteAt(i, "attn.q"));
      if (i === first || normsHeld) sites.push(siteAt(i, "resid_in"), siteAt(i, "resid_mid"));
    }
    if (tasks.length > 0) this.#clean.record(sites);
  }
}

/** What to read at each site, and where in its list each place of each swap stands. */
function readsOf(batch: readonly SwapTask[]): { bySite: Map<SiteName, RowRead[]>; places: number[][] } {
  const bySite = new Map<SiteName, RowRead[]>();
  const places = batch.map(({ read }, run) =>
    read.map(({ site, position }) => {
      const here = bySite.get(site) ?? [];
      bySite.set(site, here);
      return here.push({ run, token: position }) - 1;
    }),
  );
  return { bySite, places };
}
