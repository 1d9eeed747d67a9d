import { nodeSites, siteAt, siteWidth, type ModelConfig, type NodeMask, type SiteName } from "@filigree/core";
import type { CircuitNodes } from "@filigree/hypothesis";
import { donorPairs, drawDonors } from "../data/donors.ts";
import { divergence, lossOf, type Answers } from "../engine/answers.ts";
import { circuitMask, CircuitSwaps, type CircuitOutcome, type CircuitPair } from "../engine/circuit-swap.ts";
import type { ModelEdge } from "../engine/model-edges.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { quantile, type Interval, type Sample } from "../statistics/bootstrap.ts";
import { sampleOf, type Measurement } from "../statistics/samples.ts";
import type { ClaimContext } from "./evidence.ts";
import { circuitEdges, type CircuitEdges } from "./file-edges.ts";
import { donorProblem } from "./testability.ts";

/** How many random circuits a null takes, and on how many references. */
export const RANDOM_CIRCUITS = 99;
export const NULL_REFERENCES = 64;

/**
 * Circuits that do the same come out alike but for rounding. A circuit that beats random ones by less than this share of
 * the scale has not beaten them.
 */
export const ROUNDING = 1e-5;

/** A circuit with what it is tested on. */
export interface PreparedCircuit {
  /** One donor of equal length for each reference that has one, in an order drawn at random. */
  readonly pairs: readonly CircuitPair[];
  readonly mask: NodeMask;
  readonly edges: CircuitEdges;
}

export async function prepareCircuit(
  context: ClaimContext,
  circuit: CircuitNodes,
): Promise<PreparedCircuit | { problem: string }> {
  const { dataset, references } = context;
  const mask = circuitMask(context.clean.model.config, circuit);
  const edges = circuitEdges(context, circuit, mask);
  if ("problem" in edges) return edges;
  const donors = drawDonors(
    dataset,
    { kind: "ANY" },
    1,
    context.random("frame"),
    (x, y) => context.isReference(x) && x.ids.length === y.ids.length,
  );
  const problem = donorProblem("ANY", donors, references);
  if (problem !== undefined) return { problem };
  const pairs = donorPairs(donors);
  await runCircuitSham(context, pairs.slice(0, NULL_REFERENCES));
  // The null looks at the first pairs only: let them be a fair mix.
  return { pairs: context.random("order").shuffle(pairs), mask, edges };
}

/** What runs circuits on pairs. @param circuits whether there will be several: donors' runs are kept from one to the next */
export function swapsOf(
  context: ClaimContext,
  pairs: readonly CircuitPair[],
  circuits: "one" | "several" = "several",
): CircuitSwaps {
  return new CircuitSwaps(context.clean, pairs, {
    onBatch: (sequences) => context.ran(sequences),
    dry: context.dry,
    normsHeld: context.normsHeld,
    ...(circuits === "one" && { keptBytes: 0 }),
  });
}

/** The sham of whole circuits: every node from the reference's own run. It must change nothing, to the bit. */
async function runCircuitSham(context: ClaimContext, pairs: readonly CircuitPair[]): Promise<void> {
  const own = pairs.map(({ reference }) => ({ reference, donor: reference }));
  const nothing = circuitMask(context.clean.model.config, { nodes: [], source: "" });
  const outcomes = await swapsOf(context, own, "one").resample(nothing);
  const changed = outcomes.find(({ delta2 }) => delta2 !== 0);
  if (changed) {
    throw new Error(`The sham swap changed example ${changed.reference} by ${changed.delta2}: do not trust the check.`);
  }
}

/**
 * Measures circuits with as many nodes at each site as the mask's, drawn from all nodes of the site. All weights between
 * them stay, also where a circuit leaves some out: that can only help them, so that the circuit has more to beat.
 */
export async function overRandomCircuits(
  context: ClaimContext,
  mask: NodeMask,
  measure: (random: NodeMask) => Promise<number>,
): Promise<number[]> {
  const random = context.random("random circuits");
  const measured: number[] = [];
  while (measured.length < RANDOM_CIRCUITS) {
    context.progress("random circuits", measured.length, RANDOM_CIRCUITS);
    const drawn = [...mask].map(([site, gates]): [SiteName, Float32Array] => {
      const count = gates.reduce((sum, gate) => sum + gate, 0);
      const next = new Float32Array(gates.length);
      for (const c of random.sample([...gates.keys()], count)) next[c] = 1;
      return [site, next];
    });
    measured.push(await measure(new Map(drawn)));
  }
  return measured;
}

/** Measures sets of as many edges from each site to each other as there are in a list, drawn from all nonzero weights. */
export async function overRandomEdges(
  context: ClaimContext,
  edges: readonly ModelEdge[],
  measure: (random: readonly ModelEdge[]) => Promise<number>,
): Promise<number[]> {
  const draw = context.clean.edges.drawAlike(edges);
  const random = context.random("random edges");
  const measured: number[] = [];
  while (measured.length < RANDOM_CIRCUITS) {
    context.progress("random edges", measured.length, RANDOM_CIRCUITS);
    measured.push(await measure(draw(random)));
  }
  return measured;
}

/** Of all that nodes and edges can show ablated. */
export function zeroFills(config: ModelConfig): Map<SiteName, Float32Array> {
  const mixes = Array.from({ length: config.nLayer }, (_, layer) => siteAt(layer, "attn.y"));
  return new Map([...nodeSites(config), ...mixes].map((site) => [site, new Float32Array(siteWidth(config, site))]));
}

/** A reference whose answers were scrubbed, with the donor of all that the circuit leaves out. */
export interface ScrubbedAnswers extends CircuitPair {
  readonly after: Answers;
  readonly kl: number;
}

/** KL of each reference's answers from its donor's: what U is measured against. */
export function klScale({ clean }: ClaimContext, pairs: readonly CircuitPair[]): Measurement[] {
  return pairs.map(({ reference, donor }) => {
    return { reference, donor, value: divergence(clean.answers[reference]!, clean.answers[donor]!) };
  });
}

export function measurementsOf<T extends CircuitPair>(
  outcomes: readonly T[],
  value: (outcome: T) => number,
): Measurement[] {
  return outcomes.map((outcome) => ({
    reference: outcome.reference,
    donor: outcome.donor,
    value: value(outcome),
  }));
}

export function sampleFrom<T extends CircuitPair>(
  { dataset }: ClaimContext,
  outcomes: readonly T[],
  value: (outcome: T) => number,
): Sample {
  return sampleOf(dataset, measurementsOf(outcomes, value));
}

/** Redwood's share of the loss recovered, with the frames' own answers for chance. Reported, never decides. */
export function recoveredBy(context: ClaimContext, outcomes: readonly ScrubbedAnswers[]): Interval {
  const { clean, dataset } = context;
  const loss = (answers: (outcome: ScrubbedAnswers) => Answers) =>
    sampleFrom(context, outcomes, (outcome) => lossOf(dataset.examples[outcome.reference]!, answers(outcome)));
  const samples = [
    loss((o) => o.after),
    loss((o) => clean.answers[o.reference]!),
    loss((o) => clean.answers[o.donor]!),
  ];
  return context.interval(samples, ([s, o, c]) => (s! - c!) / (o! - c!));
}

/** Outcomes of whole circuits as reports show swaps. */
export function asInvariant(outcomes: readonly CircuitOutcome[]): SwapOutcome[] {
  return outcomes.map((outcome) => ({
    swap: { reference: outcome.reference, donor: outcome.donor, writes: [] },
    identical: outcome.delta2 === 0,
    read: new Float32Array(0),
    ...outcome,
  }));
}

export function meanKl(outcomes: readonly { readonly kl: number }[]): number {
  return meanOf(outcomes.map(({ kl }) => kl));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The q-quantile of a null's draws. */
export function quantileOf(draws: readonly number[], q: number): number {
  return quantile(
    [...draws].sort((a, b) => a - b),
    q,
  );
}

/** Median and 5th to 95th percentile of a null's draws. */
export function summary(draws: readonly number[]): Interval {
  return {
    estimate: quantileOf(draws, 0.5),
    low: quantileOf(draws, 0.05),
    high: quantileOf(draws, 0.95),
    n: draws.length,
  };
}
