import type { CircuitOutcome } from "../engine/circuit-swap.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { DIVERGENCE_EDGES, type RuleDetails, type ShownSwap } from "./details.ts";
import type { LoggedSwap, SwapTexts } from "./shown-swap.ts";

/** How many swaps of a rule are kept to be shown, from each end. */
const SHOWN = 2;

/** What a rule did so far. */
interface Entry {
  swaps: number;
  identical: number;
  changed: number;
  readonly histogram: number[];
  most: readonly LoggedSwap[];
  least: readonly LoggedSwap[];
}

/** Keeps count of what the swaps of a claim did, by rule, without keeping the swaps. */
export class RuleLog {
  readonly #texts: SwapTexts;
  readonly #rules = new Map<string, Entry>();

  constructor(texts: SwapTexts) {
    this.#texts = texts;
  }

  addSwaps(rule: string, outcomes: readonly SwapOutcome[]): void {
    this.#add(rule, outcomes);
  }

  addCircuits(rule: string, outcomes: readonly CircuitOutcome[]): void {
    this.#add(
      rule,
      outcomes.map(({ reference, donor, ...outcome }) => ({
        ...outcome,
        identical: outcome.delta2 === 0,
        swap: { reference, donor, writes: "all" },
      })),
    );
  }

  /** Swaps as they are shown; those of whole channels have no writes of their own. */
  show(outcomes: readonly SwapOutcome[]): ShownSwap[] {
    return outcomes.map((outcome) => {
      const { reference, donor, writes } = outcome.swap;
      return this.#texts.show(writes.length > 0 ? outcome : { ...outcome, swap: { reference, donor, writes: "all" } });
    });
  }

  details(): RuleDetails[] {
    return [...this.#rules].map(([rule, { swaps, identical, changed, histogram, most, least }]) => ({
      rule,
      swaps,
      identical,
      changed,
      histogram,
      most: most.map((swap) => this.#texts.show(swap)),
      least: least.map((swap) => this.#texts.show(swap)),
    }));
  }

  #add(rule: string, swaps: readonly LoggedSwap[]): void {
    const entry = this.#rules.get(rule) ?? newEntry();
    this.#rules.set(rule, entry);
    for (const swap of swaps) {
      entry.swaps++;
      if (swap.identical) entry.identical++;
      if (this.#texts.changesAnswer(swap)) entry.changed++;
      entry.histogram[intervalOf(swap.kl)]!++;
    }
    entry.most = first(entry.most, swaps, (a, b) => b.kl - a.kl || inOrder(a, b));
    entry.least = first(entry.least, swaps, (a, b) => a.kl - b.kl || inOrder(a, b));
  }
}

function newEntry(): Entry {
  const histogram = Array.from({ length: DIVERGENCE_EDGES.length + 1 }, () => 0);
  return { swaps: 0, identical: 0, changed: 0, histogram, most: [], least: [] };
}

function intervalOf(divergence: number): number {
  const found = DIVERGENCE_EDGES.findIndex((edge) => divergence < edge);
  return found === -1 ? DIVERGENCE_EDGES.length : found;
}

/** The first few of an order, of those before and more. There are thousands of swaps: they are not all put in order. */
function first(
  before: readonly LoggedSwap[],
  more: readonly LoggedSwap[],
  order: (a: LoggedSwap, b: LoggedSwap) => number,
): LoggedSwap[] {
  const kept = [...before];
  for (const swap of more) {
    if (kept.length === SHOWN && order(swap, kept[SHOWN - 1]!) >= 0) continue;
    kept.push(swap);
    kept.sort(order);
    if (kept.length > SHOWN) kept.pop();
  }
  return kept;
}

function inOrder({ swap: a }: LoggedSwap, { swap: b }: LoggedSwap): number {
  return a.reference - b.reference || a.donor - b.donor;
}
