import { siteWidth, type ModelConfig, type NodeMask, type RandomStream, type SiteName } from "@filigree/core";
import type { CircuitNodes, NecessaryStatement, SufficientStatement } from "@filigree/hypothesis";
import { drawDonors } from "../data/donors.ts";
import { divergence, lossOf } from "../engine/answers.ts";
import {
  circuitMask,
  CircuitSwaps,
  complement,
  type CircuitOutcome,
  type CircuitPair,
} from "../engine/circuit-swap.ts";
import { quantile, type Interval, type Sample } from "../statistics/bootstrap.ts";
import { sampleOf } from "../statistics/samples.ts";
import { untestable, type ClaimContext, type Control, type Evidence } from "./evidence.ts";
import { allowUnseen, effectSize } from "./swap-figures.ts";
import { donorProblem } from "./testability.ts";

/** How many random circuits a null takes, and on how many references. */
const RANDOM_CIRCUITS = 99;
const NULL_REFERENCES = 64;

/**
 * `C is sufficient`: with everything outside C taken from a donor at random, the answers stay (U), and they stay better
 * than with most circuits of the same size and site mix drawn at random.
 */
export async function checkSufficient(context: ClaimContext, statement: SufficientStatement): Promise<Evidence> {
  const prepared = await prepare(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, mask } = prepared;
  const swaps = await swapsOf(context, pairs);
  const outcomes = await swaps.resample(mask);
  context.trace("outside ← ANY", outcomes, complement(mask));
  const scale = klScale(context, pairs);
  const kl = sampleFrom(context, outcomes, ({ kl }) => kl);
  const unexplained = (name: string, sample: Sample) => context.interval(name, [sample, scale], ([u, s]) => u! / s!);
  const U = allowUnseen(unexplained("U", kl), scale, kl);

  const few = await swapsOf(context, pairs.slice(0, NULL_REFERENCES));
  const draws = await overRandomCircuits(context, mask, async (random) => meanKl(await few.resample(random)));
  const own = meanKl(await few.resample(mask));
  const fills = { mean: context.clean.model.means, zero: zeroFills(context.clean.model.config, mask) };
  const ablations: Control[] = [];
  for (const kind of ["mean", "zero"] as const) {
    if (kind === "mean" && fills.mean.size === 0) continue;
    const ablated = sampleFrom(context, await swaps.ablate(mask, fills[kind]), ({ kl }) => kl);
    ablations.push({ name: `${kind} ablation`, figures: { U: unexplained(`U under ${kind} ablation`, ablated) } });
  }
  const scaleFew = meanOf(pairs.slice(0, NULL_REFERENCES).map((pair) => scaleKl(context, pair)));
  return {
    figures: { U, recovered: recovered(context, outcomes) },
    requirements: [
      {
        figure: "U",
        relation: "<=",
        threshold: statement.thresholds.U,
        otherwise: "what lies outside the circuit changes the answers too",
      },
    ],
    ...(own >= quantile([...draws].sort(ascending), 0.05) && {
      vacuous: `${RANDOM_CIRCUITS} random circuits of the same size and site mix explain as much`,
    }),
    controls: [
      { name: "random circuits", figures: { U: summary(draws.map((draw) => draw / scaleFew)) } },
      ...ablations,
    ],
    invariant: outcomes.map((outcome) => ({
      swap: { ...outcome, writes: [] },
      identical: outcome.delta2 === 0,
      ...outcome,
    })),
    notes: [],
  };
}

/**
 * `C is necessary`: with C taken from a donor at random, the answers move (V), and more than with most random circuits.
 */
export async function checkNecessary(context: ClaimContext, statement: NecessaryStatement): Promise<Evidence> {
  const prepared = await prepare(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, mask } = prepared;
  const outcomes = await (await swapsOf(context, pairs)).resample(complement(mask));
  context.trace("circuit ← ANY", outcomes, mask);
  const effect = sampleFrom(context, outcomes, ({ delta2 }) => delta2);
  const few = await swapsOf(context, pairs.slice(0, NULL_REFERENCES));
  const meanEffect = async (keep: NodeMask) => meanOf((await few.resample(keep)).map(({ delta2 }) => delta2));
  const draws = await overRandomCircuits(context, mask, (random) => meanEffect(complement(random)));
  const own = await meanEffect(complement(mask));
  const scale = meanOf([...context.scale.values]);
  return {
    figures: { V: effectSize(context, "V", effect) },
    requirements: [
      {
        figure: "V",
        relation: ">=",
        threshold: statement.thresholds.V,
        otherwise: "the answers hardly move when the circuit is replaced: other routes do the work",
      },
    ],
    ...(own <= quantile([...draws].sort(ascending), 0.95) && {
      vacuous: `${RANDOM_CIRCUITS} random circuits of the same size and site mix matter as much`,
    }),
    controls: [{ name: "random circuits", figures: { V: summary(draws.map((draw) => draw / scale)) } }],
    invariant: [],
    notes: [],
  };
}

/** One donor of equal length for each reference that has one, and the circuit's mask. */
async function prepare(
  context: ClaimContext,
  circuit: CircuitNodes,
): Promise<{ pairs: CircuitPair[]; mask: NodeMask } | { problem: string }> {
  if (circuit.nodes.length === 0) return { problem: "the circuit has no nodes" };
  const equalLength = (x: { ids: readonly number[] }, y: { ids: readonly number[] }) => x.ids.length === y.ids.length;
  const donors = drawDonors(context.dataset, { kind: "ANY" }, 1, context.random("frame"), equalLength);
  const problem = donorProblem("ANY", donors);
  if (problem !== undefined) return { problem };
  const pairs = donors.flatMap((list, reference) => list.map((donor) => ({ reference, donor })));
  await runCircuitSham(context, pairs.slice(0, NULL_REFERENCES));
  // The null looks at the first pairs only: let them be a fair mix.
  return { pairs: context.random("order").shuffle(pairs), mask: circuitMask(context.clean.model.config, circuit) };
}

function swapsOf(context: ClaimContext, pairs: readonly CircuitPair[]): Promise<CircuitSwaps> {
  return CircuitSwaps.prepare(context.clean, pairs, (sequences) => context.ran(sequences));
}

/** The sham of whole circuits: every node from the reference's own run. It must change nothing, to the bit. */
async function runCircuitSham(context: ClaimContext, pairs: readonly CircuitPair[]): Promise<void> {
  const own = pairs.map(({ reference }) => ({ reference, donor: reference }));
  const nothing = circuitMask(context.clean.model.config, { nodes: [], source: "" });
  const outcomes = await (await swapsOf(context, own)).resample(nothing);
  const changed = outcomes.find(({ delta2 }) => delta2 !== 0);
  if (changed) {
    throw new Error(`The sham swap changed example ${changed.reference} by ${changed.delta2}: do not trust the check.`);
  }
}

/** Measures circuits with as many nodes at each site as the mask's, drawn from all nodes of the site. */
async function overRandomCircuits(
  context: ClaimContext,
  mask: NodeMask,
  measure: (random: NodeMask) => Promise<number>,
): Promise<number[]> {
  const random: RandomStream = context.random("random circuits");
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

function zeroFills(config: ModelConfig, mask: NodeMask): Map<SiteName, Float32Array> {
  return new Map([...mask.keys()].map((site) => [site, new Float32Array(siteWidth(config, site))]));
}

function scaleKl({ clean }: ClaimContext, { reference, donor }: CircuitPair): number {
  return divergence(clean.answers[reference]!, clean.answers[donor]!);
}

function klScale(context: ClaimContext, pairs: readonly CircuitPair[]): Sample {
  return sampleOf(
    context.dataset,
    pairs.map((pair) => ({ ...pair, value: scaleKl(context, pair) })),
  );
}

function sampleFrom(
  { dataset }: ClaimContext,
  outcomes: readonly CircuitOutcome[],
  value: (outcome: CircuitOutcome) => number,
): Sample {
  return sampleOf(
    dataset,
    outcomes.map((outcome) => ({ reference: outcome.reference, donor: outcome.donor, value: value(outcome) })),
  );
}

function recovered(context: ClaimContext, outcomes: readonly CircuitOutcome[]): Interval {
  const { clean, dataset } = context;
  const loss = (pick: (outcome: CircuitOutcome) => CircuitOutcome["after"]) =>
    sampleFrom(context, outcomes, (outcome) => lossOf(dataset.examples[outcome.reference]!, pick(outcome)));
  const samples = [loss((o) => o.after), loss((o) => o.before), loss((o) => clean.answers[o.donor]!)];
  return context.interval("recovered", samples, ([s, o, c]) => (s! - c!) / (o! - c!));
}

function meanKl(outcomes: readonly CircuitOutcome[]): number {
  return meanOf(outcomes.map(({ kl }) => kl));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** Median and 5th to 95th percentile of a null's draws. */
function summary(draws: readonly number[]): Interval {
  const sorted = [...draws].sort(ascending);
  return {
    estimate: quantile(sorted, 0.5),
    low: quantile(sorted, 0.05),
    high: quantile(sorted, 0.95),
    n: draws.length,
  };
}
