import { siteAt, parseSite, type NodeMask } from "@filigree/core";
import type { Claim } from "@filigree/hypothesis";
import type { Dataset } from "../data/dataset.ts";
import type { CircuitPair } from "../engine/circuit-swap.ts";
import type { Swap, SwapWrite } from "../engine/swaps.ts";
import type { ClaimPlan, RulePlan, WritePlan } from "./plan-document.ts";

/** How many swaps of a rule need not be run, and how many do. */
export interface SwapCounts {
  readonly identical: number;
  readonly different: number;
  readonly fresh: number;
}

type Range = readonly [number, number];

/** Keeps count of what a claim would run. Rules of one name that follow each other are one rule. */
export class PlanLog {
  readonly #dataset: Dataset;
  readonly #rules = new Map<string, { readonly plan: RulePlan; readonly pairs: readonly CircuitPair[] }>();
  #further = 0;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  /** Swaps of single places. */
  addSwaps(rule: string, swaps: readonly Swap[], counts: SwapCounts): void {
    this.#add(rule, swaps, counts, writesOf(swaps));
  }

  /** References with whole channels replaced at every token. They were counted by `addPasses`. */
  addCircuits(rule: string, pairs: readonly CircuitPair[], replaced: NodeMask): void {
    const writes = [...replaced].flatMap(([site, gates]): WritePlan[] => {
      const count = gates.reduce((sum, gate) => sum + gate, 0);
      if (count === 0) return [];
      const lengths = pairs.map(({ reference }) => this.#dataset.examples[reference]!.ids.length);
      return [{ site, channels: count === gates.length ? "all" : [count, count], tokens: rangeOf(lengths) }];
    });
    this.#add(rule, pairs, { identical: 0, different: pairs.length, fresh: pairs.length }, writes);
    this.#further -= pairs.length;
  }

  addPasses(sequences: number): void {
    this.#further += sequences;
  }

  plan({ name, text, line, statement }: Claim, settled: string | undefined): ClaimPlan {
    const rules = [...this.#rules.values()].map(({ plan }) => plan);
    const passes = rules.reduce((sum, { fresh }) => sum + fresh, this.#further);
    // What follows the first runs goes by figures that a dry run does not have: only what comes before them is certain.
    const certain = rules.length === 0 ? settled : undefined;
    return {
      name,
      text,
      line,
      ...(certain !== undefined && { settled: certain }),
      rules,
      furtherPasses: this.#further,
      forwardPasses: passes,
      ...(statement.kind === "complete" && { searches: true }),
    };
  }

  #add(rule: string, added: readonly CircuitPair[], counts: SwapCounts, writes: readonly WritePlan[]): void {
    const known = this.#rules.get(rule);
    const before = known?.plan;
    const pairs = [...(known?.pairs ?? []), ...added.map(({ reference, donor }) => ({ reference, donor }))];
    const each = new Map<number, number>();
    for (const { reference } of pairs) each.set(reference, (each.get(reference) ?? 0) + 1);
    const plan: RulePlan = {
      rule,
      swaps: pairs.length,
      references: each.size,
      donors: new Set(pairs.map(({ donor }) => donor)).size,
      donorsEach: rangeOf([...each.values()]),
      identical: counts.identical + (before?.identical ?? 0),
      different: counts.different + (before?.different ?? 0),
      fresh: counts.fresh + (before?.fresh ?? 0),
      writes: before ? joined(before.writes, writes) : writes,
    };
    this.#rules.set(rule, { plan, pairs });
  }
}

/** What swaps write, site by site, in the order in which they first do. */
function writesOf(swaps: readonly Swap[]): WritePlan[] {
  let found: readonly WritePlan[] = [];
  for (const { writes } of swaps) {
    const places = new Map<string, SwapWrite[]>();
    for (const write of writes) {
      const name = `${write.site} ${write.receiver !== undefined}`;
      const here = places.get(name);
      if (here) here.push(write);
      else places.set(name, [write]);
    }
    const own = [...places.values()].map((list): WritePlan => {
      const { site, receiver } = list[0]!;
      const tokens = new Set(list.map(({ position }) => position)).size;
      return {
        site,
        channels: list.every(({ channels }) => channels === undefined)
          ? "all"
          : rangeOf(list.map(({ values }) => values.length)),
        tokens: [tokens, tokens],
        ...(receiver !== undefined && { receiver: siteAt(parseSite(site).layer!, "attn.y") }),
      };
    });
    found = joined(found, own);
  }
  return [...found];
}

function joined(a: readonly WritePlan[], b: readonly WritePlan[]): WritePlan[] {
  const all = new Map(a.map((write) => [nameOf(write), write]));
  for (const write of b) {
    const other = all.get(nameOf(write));
    all.set(
      nameOf(write),
      other ? { ...write, tokens: within(other.tokens, write.tokens), channels: eachOf(other, write) } : write,
    );
  }
  return [...all.values()];
}

function nameOf({ site, receiver }: WritePlan): string {
  return `${site} ${receiver ?? ""}`;
}

function eachOf(a: WritePlan, b: WritePlan): WritePlan["channels"] {
  return a.channels === "all" || b.channels === "all" ? "all" : within(a.channels, b.channels);
}

function within(a: Range, b: Range): Range {
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

function rangeOf(numbers: readonly number[]): Range {
  return numbers.reduce<Range>(
    ([low, high], n) => [Math.min(low, n), Math.max(high, n)],
    [numbers[0] ?? 0, numbers[0] ?? 0],
  );
}
