import type { NodeMask } from "@filigree/core";
import type { NecessaryStatement, SufficientStatement } from "@filigree/hypothesis";
import { complement, type CircuitOutcome, type CircuitPair, type CircuitSwaps } from "../engine/circuit-swap.ts";
import type { ModelEdge } from "../engine/model-edges.ts";
import { counted } from "../report/words.ts";
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
  overRandomEdges,
  prepareCircuit,
  quantileOf,
  RANDOM_CIRCUITS,
  recoveredBy,
  ROUNDING,
  sampleFrom,
  summary,
  swapsOf,
  zeroFills,
  type PreparedCircuit,
} from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Control, type Evidence } from "./evidence.ts";
import { edgeNotes, outsideOf } from "./file-edges.ts";
import { allowUnseen, effectSize, ratio } from "./swap-figures.ts";
import { checkWholeFile } from "./circuits-treeified.ts";

/**
 * `C is sufficient`: with everything outside C taken from a donor at random, the answers stay (U), and they stay better
 * than with most circuits of the same size and site mix drawn at random. Edges that a node file leaves out lie outside,
 * though those of the random circuits do not. Where C is the `circuit` of the file, its
 * claims say what its sites carry, and are scrubbed as a whole.
 */
export async function checkSufficient(context: ClaimContext, statement: SufficientStatement): Promise<Evidence> {
  if (statement.circuit.source === "circuit") return checkWholeFile(context, statement);
  const prepared = await prepareCircuit(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, mask, edges } = prepared;
  const { leftOut } = edges;
  const rule = `${outsideOf(edges)} ← ANY`;
  const swaps = swapsOf(context, pairs, "one");
  const outcomes = await swaps.resample(mask, leftOut);
  context.trace(rule, outcomes, complement(mask), leftOut);
  const base = klScale(context, pairs);
  const scale = sampleOf(context.dataset, base);
  const kl = sampleFrom(context, outcomes, (outcome) => outcome.kl);
  const U = allowUnseen(ratio(context, kl, scale), scale, kl);
  const tried = adversary(context, {
    figure: "U",
    threshold: statement.thresholds.U,
    rule,
    swaps: measurementsOf(outcomes, (outcome) => outcome.kl),
    base,
  });

  const fewPairs = pairs.slice(0, NULL_REFERENCES);
  const few = swapsOf(context, fewPairs);
  const draws = await overRandomCircuits(context, mask, async (random) => {
    const drawn = await few.resample(random);
    context.trace("outside a random circuit ← ANY", drawn, complement(random));
    return meanKl(drawn);
  });
  const own = meanKl(outcomesOf(fewPairs, outcomes));
  const fills = { mean: context.clean.model.means, zero: zeroFills(context.clean.model.config) };
  const ablations: Control[] = [];
  for (const kind of ["mean", "zero"] as const) {
    if (fills[kind].size === 0 || !leftOut.every(({ reads }) => fills[kind].has(reads))) continue;
    const ablated = sampleFrom(context, await swaps.ablate(mask, fills[kind], leftOut), (outcome) => outcome.kl);
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
        rule,
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
    notes: edgeNotes(edges),
  };
}

/**
 * `C is necessary`, or necessary jointly, which is the same: with all of C taken from a donor at random, the answers move
 * (V), and more than with most random circuits. Of a node file that leaves out edges between its nodes, C is the edges
 * that it lists.
 */
export async function checkNecessary(context: ClaimContext, statement: NecessaryStatement): Promise<Evidence> {
  const prepared = await prepareCircuit(context, statement.circuit);
  if ("problem" in prepared) return untestable(prepared.problem);
  const { pairs, edges } = prepared;
  const replacement = edges.leftOut.length === 0 ? ofNodes(context, prepared) : ofEdges(context, prepared);
  if ("problem" in replacement) return untestable(replacement.problem);
  const { rule, what, overRandom } = replacement;
  const run = async (swaps: CircuitSwaps, name: string, { keep, cut }: Replaced) => {
    const outcomes = await swaps.resample(keep, cut);
    context.trace(name, outcomes, complement(keep), cut);
    return outcomes;
  };
  const outcomes = await run(swapsOf(context, pairs, "one"), rule, replacement);
  const effect = sampleFrom(context, outcomes, ({ delta2 }) => delta2);
  const fewPairs = pairs.slice(0, NULL_REFERENCES);
  const few = swapsOf(context, fewPairs);
  const meanEffect = (outcomes: readonly CircuitOutcome[]) => meanOf(outcomes.map(({ delta2 }) => delta2));
  const draws = await overRandom(async (random) => meanEffect(await run(few, replacement.randomRule, random)));
  const own = meanEffect(outcomesOf(fewPairs, outcomes));
  const scale = meanOf([...context.scale.values]);
  return {
    figures: { V: effectSize(context, effect) },
    requirements: [
      {
        figure: "V",
        relation: ">=",
        threshold: statement.thresholds.V,
        otherwise: `the answers hardly move when ${what} replaced: other routes do the work`,
        rule,
      },
    ],
    ...(own <= quantileOf(draws, 0.95) + ROUNDING * scale && {
      vacuous: `${RANDOM_CIRCUITS} random ${replacement.alike} matter as much`,
    }),
    controls: [{ name: replacement.control, figures: { V: summary(draws.map((draw) => draw / scale)) } }],
    invariant: [],
    notes: replacement.notes,
  };
}

/** Nodes that stay, and edges that are cut all the same. */
interface Replaced {
  readonly keep: NodeMask;
  readonly cut: readonly ModelEdge[];
}

/** What `necessary` replaces, and with what that is compared. */
interface Replacement extends Replaced {
  readonly rule: string;
  readonly randomRule: string;
  readonly control: string;
  /** The circuit as the subject of a sentence, and what is drawn in its stead. */
  readonly what: string;
  readonly alike: string;
  readonly notes: readonly string[];
  overRandom(measure: (drawn: Replaced) => Promise<number>): Promise<number[]>;
}

function ofNodes(context: ClaimContext, { mask }: PreparedCircuit): Replacement {
  return {
    keep: complement(mask),
    cut: [],
    rule: "circuit ← ANY",
    randomRule: "a random circuit ← ANY",
    control: "random circuits",
    what: "the circuit is",
    alike: "circuits of the same size and site mix",
    notes: [],
    overRandom: (measure) => {
      return overRandomCircuits(context, mask, (random) => measure({ keep: complement(random), cut: [] }));
    },
  };
}

function ofEdges(context: ClaimContext, { mask, edges }: PreparedCircuit): Replacement | { readonly problem: string } {
  const { listed, leftOut } = edges;
  if (listed.length === 0) return { problem: "the node file lists no edge between its nodes: nothing can be replaced" };
  const keep: NodeMask = new Map([...mask].map(([site, gates]) => [site, gates.map(() => 1)]));
  return {
    keep,
    cut: listed,
    rule: `${counted(listed.length, "edge")} of the circuit ← ANY`,
    randomRule: "random edges ← ANY",
    control: "random edges",
    what: "the edges of the circuit are",
    alike: "sets of as many edges between the same sites",
    notes: [
      `the node file leaves out ${leftOut.length} of the ${listed.length + leftOut.length} edges between its nodes: ` +
        "this is about the edges that it lists, and no node was replaced",
    ],
    overRandom: (measure) => overRandomEdges(context, listed, (cut) => measure({ keep, cut })),
  };
}

/** Of some pairs what a run of more of them found, in the order of the pairs. */
function outcomesOf(pairs: readonly CircuitPair[], outcomes: readonly CircuitOutcome[]): CircuitOutcome[] {
  const name = ({ reference, donor }: CircuitPair) => `${reference} ${donor}`;
  const found = new Map(outcomes.map((outcome) => [name(outcome), outcome]));
  return pairs.map((pair) => found.get(name(pair))!);
}
