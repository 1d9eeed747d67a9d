import { DEFAULTS, type AffectsStatement, type SitePart } from "@filigree/hypothesis";
import { allowedDonors, donorPairs, drawDonors, sampleDonors, type DonorFilter } from "../data/donors.ts";
import { hasRoles } from "../data/roles.ts";
import { squaredDistance } from "../engine/answers.ts";
import { readParts } from "../engine/read-parts.ts";
import { siteSwap } from "../engine/site-swap.ts";
import type { Swap, SwapOutcome } from "../engine/swaps.ts";
import { overlap, partsName } from "../interpretation/scrub-node.ts";
import { percent } from "../report/words.ts";
import type { Interval, Sample } from "../statistics/bootstrap.ts";
import { sampleOf, type Measurement } from "../statistics/samples.ts";
import { adversary } from "./adversary.ts";
import { untestable, type ClaimContext, type Evidence, type Requirement } from "./evidence.ts";
import { freedomOf } from "./freedom.ts";
import { runSham } from "./sham.ts";
import { allowUnseen, effectSample, effectSize, ratio, shareIdentical } from "./swap-figures.ts";
import { donorProblem, partsFilter, positionProblem } from "./testability.ts";

/**
 * `A affects B`: with A from donors at random, what B shows changes. V = E‖ΔB‖² / E‖ΔB‖² with the whole prompt from a
 * donor at random, of each part of B. Of `logits` the task's answers are looked at, as everywhere.
 */
export async function checkAffects(context: ClaimContext, statement: AffectsStatement): Promise<Evidence> {
  const measured = await measure(context, statement);
  if ("problem" in measured) return untestable(measured.problem);
  const { targets, outcomes, freedom } = measured;
  const figures: Record<string, Interval> = { freedom };
  const requirements = targets.map((target): Requirement => {
    const { name, figure, scale, changes } = target;
    const V = ratio(context, sampleOf(context.dataset, changes(outcomes)), scale.sample);
    figures[figure] = V;
    const otherwise = `${name} hardly changes with it`;
    return { figure, relation: ">=", threshold: statement.thresholds.V, otherwise, ...shown(target, V) };
  });
  return { figures, requirements, controls: [], invariant: [], notes: [] };
}

/**
 * `A does not affect B [except through C]`: the same with C held as it was, and V must stay small. Nothing can be
 * concluded of a site that does nothing at all: with nothing held, A must move the answers or B.
 */
export async function checkDoesNotAffect(context: ClaimContext, statement: AffectsStatement): Promise<Evidence> {
  const measured = await measure(context, statement);
  if ("problem" in measured) return untestable(measured.problem);
  const { targets, outcomes, donors, freedom } = measured;
  const figures: Record<string, Interval> = { freedom };
  const threshold = statement.thresholds.V;
  const tried = targets.map((target) => {
    const { name, figure, scale, changes } = target;
    const change = sampleOf(context.dataset, changes(outcomes));
    const V = allowUnseen(ratio(context, change, scale.sample), scale.sample, change);
    figures[figure] = V;
    const { rule } = shown(target, V);
    const worst = adversary(context, { figure, threshold, swaps: changes(outcomes), base: scale.measured, rule });
    Object.assign(figures, worst.figures);
    const otherwise = `${name} changes with it`;
    const own: Requirement = { figure, relation: "<=", threshold, otherwise, ...shown(target, V) };
    return { requirements: [own, ...worst.requirements], controls: worst.controls };
  });

  const read = statement.to.filter(({ site }) => site !== "logits");
  const free = await context.run("ANY, nothing held", swapsOf(context, { ...statement, through: [] }, donors), {
    read,
  });
  const answers = effectSize(context, effectSample(context, free));
  figures["V(ANY)"] = answers;
  const alive = targets.some(({ scale, changes }) => {
    const change = sampleOf(context.dataset, changes(free));
    return ratio(context, change, scale.sample).low >= DEFAULTS.inert;
  });
  return {
    figures,
    requirements: tried.flatMap(({ requirements }) => requirements),
    ...(!alive &&
      answers.low < DEFAULTS.inert && {
        vacuous: "the site may be inert: donors at random hardly change the answer, whatever is held",
      }),
    controls: tried.flatMap(({ controls }) => controls),
    invariant: outcomes,
    notes: [`${Math.round(100 * shareIdentical(outcomes))} % of the swaps wrote what was there`],
  };
}

/** What shows how much a part of B changes: answers are counted, all else is told as a share. */
function shown({ name, isAnswer }: Target, { estimate }: Interval): { rule: string } | { rule?: never; seen: string } {
  if (isAnswer) return { rule: "ANY" };
  return {
    seen: `with the swap, ${name} changes by ${percent(estimate)} of what it differs by in a whole other prompt`,
  };
}

/** One part of B. */
interface Target {
  /** In words. */
  readonly name: string;
  readonly isAnswer: boolean;
  readonly figure: string;
  /** ‖ΔB‖² with the whole prompt from a donor at random. */
  readonly scale: { readonly measured: readonly Measurement[]; readonly sample: Sample };
  /** ‖ΔB‖² of outcomes. */
  changes(outcomes: readonly SwapOutcome[]): Measurement[];
}

interface Measured {
  readonly targets: readonly Target[];
  readonly donors: readonly (readonly number[])[];
  readonly outcomes: readonly SwapOutcome[];
  readonly freedom: Interval;
}

async function measure(context: ClaimContext, statement: AffectsStatement): Promise<Measured | { problem: string }> {
  const { from, to, through } = statement;
  const { dataset, settings, references } = context;
  const problem = sameSites(statement) ?? positionProblem(context, positionsOf([...from, ...to, ...through]));
  if (problem !== undefined) return { problem };
  const swaps = partsFilter(context, from);
  // What is read and what is held is the reference's own: only that must have those positions.
  const filter: DonorFilter = (x, y) => hasRoles(x, positionsOf([...to, ...through])) && swaps(x, y);
  const allowed = allowedDonors(dataset, { kind: "ANY" }, filter);
  const donors = sampleDonors(dataset, { kind: "ANY" }, allowed, settings.donors, context.random("ANY"));
  const missing = donorProblem("ANY", donors, references);
  if (missing !== undefined) return { problem: missing };
  const targets: Target[] = [];
  const places: SitePart[] = [];
  for (const part of to) {
    const target = targetOf(context, part, to.length === 1, places);
    if (typeof target === "string") return { problem: target };
    targets.push(target);
  }
  await runSham(context, filter, (reference, donor) => swapOf(context, statement, reference, donor));
  const outcomes = await context.run("ANY", swapsOf(context, statement, donors), { read: places });
  return { targets, donors, outcomes, freedom: freedomOf(dataset, [allowed]) };
}

/** Sites that are their own cause, or that are held themselves, say nothing. */
function sameSites({ from, to, through }: AffectsStatement): string | undefined {
  if (overlap(from, to)) return "the two ends share sites: a site trivially affects itself";
  if (overlap(from, through)) return "what is swapped would be held: the two share sites";
  return overlap(to, through) ? "what is looked at would be held: the two share sites" : undefined;
}

function swapOf({ clean }: ClaimContext, { from, through }: AffectsStatement, reference: number, donor: number): Swap {
  const swap = siteSwap(clean, from, reference, donor);
  return { ...swap, writes: [...swap.writes, ...siteSwap(clean, through, reference, reference).writes] };
}

function swapsOf(context: ClaimContext, statement: AffectsStatement, donors: readonly (readonly number[])[]): Swap[] {
  return donorPairs(donors).map(({ reference, donor }) => swapOf(context, statement, reference, donor));
}

/** A part of B with its scale; or why it has none. `places` lists what is read, and takes in this part. */
function targetOf(context: ClaimContext, part: SitePart, only: boolean, places: SitePart[]): Target | string {
  const { clean, dataset, settings } = context;
  const name = partsName([part]);
  const figure = only ? "V" : `V of ${name}`;
  if (part.site === "logits") {
    const scale = { measured: context.distances, sample: context.scale };
    const changes = (outcomes: readonly SwapOutcome[]) =>
      outcomes.map(({ swap, delta2 }) => ({ reference: swap.reference, donor: swap.donor, value: delta2 }));
    return { name: "the answer", isAnswer: true, figure, scale, changes };
  }
  const filter = partsFilter(context, [part]);
  const donors = drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random(`scale of ${name}`), filter);
  const missing = donorProblem("ANY", donors, context.references);
  if (missing !== undefined) return missing;
  const measured = donorPairs(donors).map((pair) => ({
    ...pair,
    value: squaredDistance(own(pair.reference), own(pair.donor)),
  }));
  if (measured.every(({ value }) => value === 0)) return `${name} shows the same in every example`;
  // Earlier parts lie before this one in what is read, and their lengths may differ from example to example.
  const before = [...places];
  places.push(part);
  return {
    name,
    isAnswer: false,
    figure,
    scale: { measured, sample: sampleOf(dataset, measured) },
    changes: (outcomes) =>
      outcomes.map(({ swap, read }) => {
        const { reference, donor } = swap;
        const start = before.length === 0 ? 0 : readParts(clean, before, reference).length;
        const there = own(reference);
        return { reference, donor, value: squaredDistance(there, read.subarray(start, start + there.length)) };
      }),
  };

  function own(example: number): Float32Array {
    return readParts(clean, [part], example);
  }
}

function positionsOf(parts: readonly SitePart[]): SitePart["position"][] {
  return parts.map(({ position }) => position);
}
