import { observableConditions, type Condition } from "../data/conditions.ts";
import { tokenTexts } from "../data/extend-task.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { percent } from "../report/words.ts";
import { FEWEST_CLUSTERS, quantile, type Interval } from "../statistics/bootstrap.ts";
import { sampleOf, type Measurement } from "../statistics/samples.ts";
import type { ClaimContext, Control, Requirement } from "./evidence.ts";

/** No subset is smaller: the worst of fewer swaps is bad by chance. */
const BLOCK = 64;

/** How many conditions the greedy adversary may put together. */
const DEPTH = 3;

/** How many random subsets are tried. */
const RANDOM_SUBSETS = 99;

/** An invariance that a claim makes: a share that stays small. */
export interface Invariance {
  /** The name of its figure, such as `r`. */
  readonly figure: string;
  readonly threshold: number;
  /** The swaps that are said to change (almost) nothing, and how much they did. */
  readonly swaps: readonly Measurement[];
  /** What that is measured against. */
  readonly base: readonly Measurement[];
  /** The rule of the swaps, where their answers tell how much they did. */
  readonly rule?: string | undefined;
}

/** What an adversary adds to a claim's evidence. */
export interface AdversaryEvidence {
  readonly figures: Readonly<Record<string, Interval>>;
  readonly requirements: readonly Requirement[];
  readonly controls: readonly Control[];
}

/**
 * Tries an invariance on subsets of its swaps, over blocks of at least 64: random ones, which are reported, and a greedy
 * worst one, told by what can be seen of the prompts. The worst one is chosen on one half of the references and scored on
 * the other. Where its bound breaks the threshold the claim is refuted, where only its estimate does it is not supported:
 * a claim that holds on average may hide a part of the prompts on which it fails.
 *
 * The base of a subset is the larger of that of all references and that of its own: a site that does little somewhere is
 * not refuted by the little it does there, and one that does much is not by being loud.
 */
export function adversary(context: ClaimContext, invariance: Invariance): AdversaryEvidence {
  const { dataset } = context;
  const { figure, threshold, rule } = invariance;
  const chosen = halves(context);
  const half = (items: readonly Measurement[], first: boolean) =>
    items.filter(({ reference }) => chosen.has(dataset.examples[reference]!.cluster) === first);
  const [choosing, scoring] = [half(invariance.swaps, true), half(invariance.swaps, false)];
  const controls = randomSubsets(context, invariance, scoring);
  const worst = worstSubset(context, choosing, scoring, invariance.base);
  if (!worst) return { figures: {}, requirements: [], controls };
  const name = `worst ${figure}`;
  const swaps = scoring.filter(({ reference, donor }) => worst.every(({ holds }) => holds(reference, donor)));
  const references = new Set(swaps.map(({ reference }) => reference));
  const samples = [
    sampleOf(dataset, swaps),
    sampleOf(dataset, invariance.base),
    sampleOf(
      dataset,
      invariance.base.filter(({ reference }) => references.has(reference)),
    ),
  ];
  const interval = context.interval(samples, ([s, all, own]) => share(s!, Math.max(all!, own!)));
  const where = worst.map(({ text }) => text).join(" and ");
  return {
    figures: { [name]: interval },
    requirements: [
      {
        figure: name,
        relation: "<=",
        threshold,
        byEstimate: true,
        otherwise: `it holds on average, but not where ${where}`,
        seen:
          `where ${where}, the swaps do ${percent(interval.estimate)} of what ` +
          `${figure === "r" ? "those between prompts at random do" : "a whole other prompt does"} (${swaps.length} swaps)`,
        ...(rule !== undefined && { rule }),
      },
    ],
    controls: [...controls, { name: `greedy subset: where ${where}`, figures: { [figure]: interval } }],
  };
}

/** ‖Δ‖² of swaps, to be tried by an adversary. */
export function effectsOf(outcomes: readonly SwapOutcome[]): Measurement[] {
  return outcomes.map(({ swap, delta2 }) => ({ reference: swap.reference, donor: swap.donor, value: delta2 }));
}

/** The clusters of the half on which subsets are chosen: what goes together stays together. */
export function halves(context: ClaimContext): Set<number> {
  const clusters = [...new Set(context.dataset.examples.map(({ cluster }) => cluster))];
  return new Set(context.random("halves").sample(clusters, Math.ceil(clusters.length / 2)));
}

/** Greedy: the condition that makes the mean largest on the choosing half, then another beside it, as long as it grows. */
function worstSubset(
  context: ClaimContext,
  choosing: readonly Measurement[],
  scoring: readonly Measurement[],
  base: readonly Measurement[],
): readonly Condition[] | undefined {
  const { dataset } = context;
  const conditions = observableConditions(dataset, tokenTexts(context.clean.model)).map((condition) => ({
    condition,
    choosing: maskOf(condition, choosing),
    scoring: maskOf(condition, scoring),
  }));
  const own = overReferences(dataset.examples.length, base);
  const floor = mean(base.map(({ value }) => value));
  let here: Uint8Array = new Uint8Array(choosing.length).fill(1);
  let there: Uint8Array = new Uint8Array(scoring.length).fill(1);
  const worst: Condition[] = [];
  let height = score(choosing, here, own, floor);
  while (worst.length < DEPTH) {
    let best: { condition: Condition; here: Uint8Array; there: Uint8Array; height: number } | undefined;
    for (const candidate of conditions) {
      const next = both(here, candidate.choosing);
      if (!isLargeEnough(context, choosing, next)) continue;
      const reached = score(choosing, next, own, floor);
      if (!(reached > (best?.height ?? height))) continue;
      const nextThere = both(there, candidate.scoring);
      if (!isLargeEnough(context, scoring, nextThere)) continue;
      best = { condition: candidate.condition, here: next, there: nextThere, height: reached };
    }
    if (!best) break;
    worst.push(best.condition);
    [here, there, height] = [best.here, best.there, best.height];
  }
  return worst.length === 0 ? undefined : worst;
}

/** 1 where a condition holds. */
function maskOf({ holds }: Condition, swaps: readonly Measurement[]): Uint8Array {
  const mask = new Uint8Array(swaps.length);
  for (let i = 0; i < mask.length; i++) mask[i] = Number(holds(swaps[i]!.reference, swaps[i]!.donor));
  return mask;
}

function both(a: Uint8Array, b: Uint8Array): Uint8Array {
  const mask = new Uint8Array(a.length);
  for (let i = 0; i < mask.length; i++) mask[i] = a[i]! & b[i]!;
  return mask;
}

function isLargeEnough({ dataset }: ClaimContext, swaps: readonly Measurement[], inside: Uint8Array): boolean {
  const clusters = new Set<number>();
  let count = 0;
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === 0) continue;
    count++;
    if (clusters.size < FEWEST_CLUSTERS) clusters.add(dataset.examples[swaps[i]!.reference]!.cluster);
  }
  return count >= BLOCK && clusters.size >= FEWEST_CLUSTERS;
}

/** The figure of a subset, swaps counted alike. */
function score(
  swaps: readonly Measurement[],
  inside: Uint8Array,
  own: readonly (number | undefined)[],
  floor: number,
): number {
  let [sum, count, ownSum, ownCount] = [0, 0, 0, 0];
  for (let i = 0; i < inside.length; i++) {
    if (inside[i] === 0) continue;
    const { reference, value } = swaps[i]!;
    sum += value;
    count++;
    const base = own[reference];
    if (base === undefined) continue;
    ownSum += base;
    ownCount++;
  }
  return share(sum / count, Math.max(floor, ownCount > 0 ? ownSum / ownCount : 0));
}

/** The mean of each reference's measurements. */
function overReferences(examples: number, measurements: readonly Measurement[]): (number | undefined)[] {
  const sums = new Float64Array(examples);
  const counts = new Int32Array(examples);
  for (const { reference, value } of measurements) {
    sums[reference]! += value;
    counts[reference]!++;
  }
  return [...sums].map((sum, i) => (counts[i]! > 0 ? sum / counts[i]! : undefined));
}

function randomSubsets(
  context: ClaimContext,
  { figure, base }: Invariance,
  scoring: readonly Measurement[],
): Control[] {
  if (scoring.length < 2 * BLOCK) return [];
  const random = context.random("random subsets");
  const whole = mean(base.map(({ value }) => value));
  const draws = Array.from({ length: RANDOM_SUBSETS }, () =>
    share(mean(random.sample(scoring, BLOCK).map(({ value }) => value)), whole),
  ).sort((a, b) => a - b);
  const interval = {
    estimate: quantile(draws, 0.5),
    low: quantile(draws, 0.05),
    high: quantile(draws, 0.95),
    n: RANDOM_SUBSETS,
  };
  return [{ name: "random subsets", figures: { [figure]: interval } }];
}

/** Nothing of nothing is no share at all. */
function share(part: number, whole: number): number {
  return part > 0 ? part / whole : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
