import { canResume } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import type { SwapCounts } from "../plan/plan-log.ts";
import { divergence, squaredDistance } from "./answers.ts";
import type { CleanRuns } from "./clean-runs.ts";
import { pick, readParts, readPlaces } from "./read-parts.ts";
import { ResumedPass } from "./resumed-pass.ts";
import { SwapKeys } from "./swap-keys.ts";
import { SwapMemo } from "./swap-memo.ts";
import type { Swap, SwapOutcome, SwapRunOptions, SwapWrite } from "./swaps.ts";
import { runWhole, type PassOptions, type SwapTask } from "./whole-pass.ts";

/** What a run may do beside what statements ask for. */
export interface RunOptions extends SwapRunOptions {
  /** Norms keep the scales of the undisturbed run. Masks of AbsTopK are never held. */
  readonly normsHeld?: boolean | undefined;
  /** Keys of swaps that count as run already. Those that are run are added. */
  readonly counted: Set<string>;
  /** Called after each batch: how many swaps were counted, and how many of how many are done. */
  onBatch(counted: number, done: number, of: number): Promise<void>;
}

/**
 * Runs swaps of one dataset. Swaps that do the same to the same reference are run once, and their results shared by all
 * rules and claims. What is run together has no part in any result.
 */
export class SwapRunner {
  readonly #clean: CleanRuns;
  readonly #keys: SwapKeys;
  readonly #memo = new SwapMemo();
  #resumed: ResumedPass | undefined;

  constructor(clean: CleanRuns) {
    this.#clean = clean;
    this.#keys = new SwapKeys((memory) => clean.isRecording(memory));
  }

  /** Outcomes come in the order of the swaps. */
  async run(swaps: readonly Swap[], options: RunOptions): Promise<SwapOutcome[]> {
    const { counted, normsHeld = false, onBatch } = options;
    const clean = this.#clean;
    const plan = this.#plan(swaps, options);
    const missing = [...plan.tasks].filter(([key]) => !this.#memo.get(key));
    // Counted as if the claim stood alone, so that what ran before it does not show in the count.
    const fresh = countFresh(plan.tasks, counted);
    const known = plan.tasks.size - missing.length;
    let done = known;
    const tasks = missing.map(([, task]) => task);
    const results = await this.#pass(tasks, { normsHeld }, async (count) => {
      done += count;
      await onBatch(0, done, plan.tasks.size);
    });
    await onBatch(fresh, done, plan.tasks.size);
    const here = new Map(missing.map(([key], i) => [key, results[i]!]));
    const outcomes = swaps.map((swap, i): SwapOutcome => {
      const key = plan.keys[i];
      if (key === undefined) return this.#unchanged(swap, plan.read, true);
      const before = clean.answers[swap.reference]!;
      const { after, read } = here.get(key) ?? this.#memo.get(key)!;
      const [delta2, kl] = [squaredDistance(before, after), divergence(before, after)];
      return { swap, before, after, delta2, kl, identical: false, read };
    });
    for (const [key, result] of here) this.#memo.set(key, result);
    return outcomes;
  }

  /** Counts what would be run, without running it. The outcomes are those of swaps that change nothing. */
  runDry(
    swaps: readonly Swap[],
    options: Omit<RunOptions, "onBatch">,
  ): { outcomes: SwapOutcome[]; counts: SwapCounts } {
    const { keys, tasks, read } = this.#plan(swaps, options);
    const outcomes = swaps.map((swap, i) => this.#unchanged(swap, read, keys[i] === undefined));
    const identical = keys.filter((key) => key === undefined).length;
    return { outcomes, counts: { identical, different: tasks.size, fresh: countFresh(tasks, options.counted) } };
  }

  /** Frees what is kept between runs. */
  dispose(): void {
    this.#resumed?.dispose();
    this.#resumed = undefined;
  }

  /** Swaps of a batch have no part in each other's results, and either kind of pass gives the same to the bit. */
  #pass(tasks: readonly SwapTask[], options: PassOptions, onBatch: (count: number) => Promise<void>) {
    if (!canResume(this.#clean.model)) return runWhole(this.#clean, tasks, options, onBatch);
    this.#resumed ??= new ResumedPass(this.#clean);
    return this.#resumed.run(tasks, options, onBatch);
  }

  /** The key of each swap that must be run, and each of these once. */
  #plan(swaps: readonly Swap[], { evenIdentical, read = [], normsHeld }: Omit<RunOptions, "onBatch">) {
    const clean = this.#clean;
    clean.record(swaps.flatMap(({ writes }) => writes.map(({ site }) => site)));
    const reading = read.length === 0 ? "" : JSON.stringify(read);
    const tasks = new Map<string, SwapTask>();
    const keys = swaps.map((swap) => {
      const idle = !evenIdentical && swap.writes.every((write) => this.#writesWhatIsThere(swap.reference, write));
      if (idle) return undefined;
      const key = `${normsHeld ? "held " : ""}${reading} ${this.#keys.keyOf(swap)}`;
      if (!tasks.has(key)) {
        tasks.set(key, { swap, read: readPlaces(read, clean.dataset.examples[swap.reference]!) });
      }
      return key;
    });
    return { keys, tasks, read };
  }

  #unchanged(swap: Swap, read: readonly SitePart[], identical: boolean): SwapOutcome {
    const before = this.#clean.answers[swap.reference]!;
    const seen = read.length === 0 ? NOTHING : readParts(this.#clean, read, swap.reference);
    return { swap, before, after: before, delta2: 0, kl: 0, identical, read: seen };
  }

  #writesWhatIsThere(reference: number, { site, channels, position, values }: SwapWrite): boolean {
    const own = this.#clean.column(site, reference, position);
    if (!channels) return this.#keys.contentOf(values) === this.#keys.contentOf(own);
    return sameValues(values, pick(own, channels));
  }
}

const NOTHING = new Float32Array(0);

/** How many tasks do not count as run already. From now on they do. */
function countFresh(tasks: ReadonlyMap<string, SwapTask>, counted: Set<string>): number {
  const before = counted.size;
  for (const key of tasks.keys()) counted.add(key);
  return counted.size - before;
}

/** To the bit. */
function sameValues(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, j) => Object.is(value, b[j]));
}
