import type { NecessaryStatement, SufficientStatement } from "@filigree/hypothesis";
import { complement, type CircuitOutcome, type CircuitPair } from "../engine/circuit-swap.ts";
import { sampleOf } from "../statistics/samples.ts";
import { adversary } from "./adversary.ts";
import {
  asInvariant,
  klScale,
  meanKl,
  meanOf,
  measurementsOf,
  NULL_REFERENCES,
  overRandomCircuits,
  prepareCircuit,
  quantileOf,
  RANDOM_CIRCUITS,
  recoveredBy,
  ROUNDING,
  sampleFrom,
  summary,
  swapsOf,
  zeroFills,
} from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Control, type Evidence } from "./evidence.ts";
import { allowUnseen, effectSize, ratio } from "./swap-figures.ts";
import { checkWholeFile } from "./circuits-treeified.ts";

/**
 * `C is sufficient`: with everything outside C taken from a donor at random, the answers stay (U), and they stay better
 * than with most circuits of the same size and site mix drawn at random. Where C is the `circuit` of the file, its
 * claims say what its sites carry, and are scrubbed as a whole.
 */
export async function checkSufficient(context: ClaimContext, statement: SufficientStatement): Promise<Evidence> {
  if (statement.circuit.source === "circuit") return checkWholeFile(context, statement);
  const prepared = await prepareCircuit(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, mask } = prepared;
  const swaps = await swapsOf(context, pairs);
  const outcomes = await swaps.resample(mask);
  context.trace("outside ← ANY", outcomes, complement(mask));
  const base = klScale(context, pairs);
  const scale = sampleOf(context.dataset, base);
  const kl = sampleFrom(context, outcomes, (outcome) => outcome.kl);
  const U = allowUnseen(ratio(context, kl, scale), scale, kl);
  const tried = adversary(context, {
    figure: "U",
    threshold: statement.thresholds.U,
    rule: "outside ← ANY",
    swaps: measurementsOf(outcomes, (outcome) => outcome.kl),
    base,
  });

  const fewPairs = pairs.slice(0, NULL_REFERENCES);
  const few = await swapsOf(context, fewPairs);
  const draws = await overRandomCircuits(context, mask, async (random) => {
    const drawn = await few.resample(random);
    context.trace("outside a random circuit ← ANY", drawn, complement(random));
    return meanKl(drawn);
  });
  const own = meanKl(outcomesOf(fewPairs, outcomes));
  const fills = { mean: context.clean.model.means, zero: zeroFills(context.clean.model.config, mask) };
  const ablations: Control[] = [];
  for (const kind of ["mean", "zero"] as const) {
    if (kind === "mean" && fills.mean.size === 0) continue;
    const ablated = sampleFrom(context, await swaps.ablate(mask, fills[kind]), (outcome) => outcome.kl);
    ablations.push({ name: `${kind} ablation`, figures: { U: ratio(context, ablated, scale) } });
  }
  const scaleFew = meanOf(base.slice(0, NULL_REFERENCES).map(({ value }) => value));
  return {
    figures: { U, recovered: recoveredBy(context, outcomes), ...tried.figures },
    requirements: [
      {
        figure: "U",
        relation: "<=",
        threshold: statement.thresholds.U,
        otherwise: "what lies outside the circuit changes the answers too",
        rule: "outside ← ANY",
      },
      ...tried.requirements,
    ],
    ...(own >= quantileOf(draws, 0.05) - ROUNDING * scaleFew && {
      vacuous: `${RANDOM_CIRCUITS} random circuits of the same size and site mix explain as much`,
    }),
    controls: [
      { name: "random circuits", figures: { U: summary(draws.map((draw) => draw / scaleFew)) } },
      ...ablations,
      ...tried.controls,
    ],
    invariant: asInvariant(outcomes),
    notes: [],
  };
}

/**
 * `C is necessary`, or necessary jointly, which is the same: with all of C taken from a donor at random, the answers move
 * (V), and more than with most random circuits.
 */
export async function checkNecessary(context: ClaimContext, statement: NecessaryStatement): Promise<Evidence> {
  const prepared = await prepareCircuit(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, mask } = prepared;
  const outcomes = await (await swapsOf(context, pairs)).resample(complement(mask));
  context.trace("circuit ← ANY", outcomes, mask);
  const effect = sampleFrom(context, outcomes, ({ delta2 }) => delta2);
  const fewPairs = pairs.slice(0, NULL_REFERENCES);
  const few = await swapsOf(context, fewPairs);
  const meanEffect = (outcomes: readonly CircuitOutcome[]) => meanOf(outcomes.map(({ delta2 }) => delta2));
  const draws = await overRandomCircuits(context, mask, async (random) => {
    const drawn = await few.resample(complement(random));
    context.trace("a random circuit ← ANY", drawn, random);
    return meanEffect(drawn);
  });
  const own = meanEffect(outcomesOf(fewPairs, outcomes));
  const scale = meanOf([...context.scale.values]);
  return {
    figures: { V: effectSize(context, effect) },
    requirements: [
      {
        figure: "V",
        relation: ">=",
        threshold: statement.thresholds.V,
        otherwise: "the answers hardly move when the circuit is replaced: other routes do the work",
        rule: "circuit ← ANY",
      },
    ],
    ...(own <= quantileOf(draws, 0.95) + ROUNDING * scale && {
      vacuous: `${RANDOM_CIRCUITS} random circuits of the same size and site mix matter as much`,
    }),
    controls: [{ name: "random circuits", figures: { V: summary(draws.map((draw) => draw / scale)) } }],
    invariant: [],
    notes: [],
  };
}

/** Of some pairs what a run of more of them found, in the order of the pairs. */
function outcomesOf(pairs: readonly CircuitPair[], outcomes: readonly CircuitOutcome[]): CircuitOutcome[] {
  const name = ({ reference, donor }: CircuitPair) => `${reference} ${donor}`;
  const found = new Map(outcomes.map((outcome) => [name(outcome), outcome]));
  return pairs.map((pair) => found.get(name(pair))!);
}
