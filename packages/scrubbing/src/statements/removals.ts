import { nodeId, type NodeMask } from "@filigree/core";
import type { CircuitNodes } from "@filigree/hypothesis";
import { complement, type CircuitPair, type CircuitSwaps } from "../engine/circuit-swap.ts";
import { siteSwap } from "../engine/site-swap.ts";
import { namedParts } from "../interpretation/scrub-node.ts";
import type { Measurement } from "../statistics/samples.ts";
import { klScale, meanKl, NULL_REFERENCES, overRandomCircuits, prepareCircuit, swapsOf } from "./circuit-figures.ts";
import { nodesOf, withGate } from "./circuit-nodes.ts";
import type { ClaimContext } from "./evidence.ts";
import { edgeNotes } from "./file-edges.ts";
import { halves } from "./adversary.ts";
import { openWholeFile, overRandomPlaces, runWithout, type WholeDraw } from "./whole-file.ts";

/** KL(model without some nodes) − KL(circuit without them), pair by pair. */
export type Gaps = (removed: readonly string[]) => Promise<Measurement[]>;

/** What may be removed from a circuit and from its model. */
export interface Removals {
  /**
   * Whether model and circuit see the same data, so that they are compared pair by pair, and differences of two
   * references do not cancel. Trees have data of their own, which agree with the reference's in their features alone:
   * they are compared on average.
   */
  readonly paired: boolean;
  readonly nodes: readonly string[];
  /** What else there is to say of the circuit. */
  readonly notes: readonly string[];
  /** On the references by which removals are chosen, and on the others. */
  readonly choosing: Gaps;
  readonly scoring: Gaps;
  /** KL of each pair's answers from its donor's. */
  readonly choosingScale: readonly Measurement[];
  readonly scoringScale: readonly Measurement[];
  /** What random circuits of the same size leave unexplained, mean KL of each, on the choosing references. */
  nulls(): Promise<number[]>;
}

/** Of a circuit that a `let` or a node file names: single nodes, at all tokens. */
export async function nodeRemovals(
  context: ClaimContext,
  circuit: CircuitNodes,
): Promise<Removals | { readonly problem: string }> {
  const prepared = await prepareCircuit(context, circuit);
  if ("problem" in prepared) return prepared;
  const { pairs, mask, edges } = prepared;
  const { leftOut } = edges;
  const split = inHalves(context, pairs);
  if (!split) return { problem: TOO_FEW };
  const named = new Map(nodesOf(mask).map((node) => [nodeId(node.site, node.channel) as string, node]));
  const [search, score] = [swapsOf(context, split.choosing), swapsOf(context, split.scoring)];
  const gaps =
    (swaps: CircuitSwaps, traced: boolean): Gaps =>
    async (removed) => {
      const nodes = removed.map((name) => named.get(name)!);
      const whole: NodeMask = new Map([...mask].map(([site, gates]) => [site, gates.map(() => 1)]));
      const [keep, left] = [withGate(whole, nodes, 0), withGate(mask, nodes, 0)];
      const [model, own] = [await swaps.resample(keep), await swaps.resample(left, leftOut)];
      if (traced) {
        context.trace("model without part ← ANY", model, complement(keep));
        context.trace("circuit without part ← ANY", own, complement(left), leftOut);
      }
      return gapsBetween(model, own);
    };
  return {
    paired: true,
    nodes: [...named.keys()],
    notes: edgeNotes(edges),
    choosing: gaps(search, false),
    scoring: gaps(score, true),
    choosingScale: klScale(context, split.choosing),
    scoringScale: klScale(context, split.scoring),
    nulls: () => overRandomCircuits(context, mask, async (drawn) => meanKl(await search.resample(drawn))),
  };
}

/** Of the claims of a file together: named nodes, at their places. Removed, they show what the frame shows. */
export async function wholeRemovals(context: ClaimContext): Promise<Removals | { readonly problem: string }> {
  const whole = await openWholeFile(context);
  if ("problem" in whole) return whole;
  const split = inHalves(context, whole.draws);
  if (!split) return { problem: TOO_FEW };
  const named = namedParts(whole.graph.roots);
  const gaps =
    (draws: readonly WholeDraw[]): Gaps =>
    async (removed) => {
      const parts = removed.flatMap((name) => named.get(name)!);
      const model = await context.run(
        "model without part ← ANY",
        draws.map(({ reference, donor }) => siteSwap(context.clean, parts, reference, donor)),
      );
      const own = await runWithout(context, "circuit without part ← ANY", whole, draws, new Set(removed));
      return gapsBetween(
        model.map(({ swap, kl }) => ({ ...swap, kl })),
        own,
      );
    };
  return {
    paired: false,
    nodes: [...named.keys()],
    notes: [],
    choosing: gaps(split.choosing),
    scoring: gaps(split.scoring),
    choosingScale: klScale(context, split.choosing),
    scoringScale: klScale(context, split.scoring),
    nulls: () => overRandomPlaces(context, whole, split.choosing),
  };
}

const TOO_FEW = "too few references have donors: a half of them has none";

function inHalves<T extends CircuitPair>(
  context: ClaimContext,
  pairs: readonly T[],
): { choosing: T[]; scoring: T[] } | undefined {
  const chosen = halves(context);
  const isChosen = ({ reference }: T) => chosen.has(context.dataset.examples[reference]!.cluster);
  const choosing = pairs.filter(isChosen).slice(0, NULL_REFERENCES);
  const scoring = pairs.filter((pair) => !isChosen(pair));
  return choosing.length > 0 && scoring.length > 0 ? { choosing, scoring } : undefined;
}

function gapsBetween(
  model: readonly (CircuitPair & { readonly kl: number })[],
  circuit: readonly (CircuitPair & { readonly kl: number })[],
): Measurement[] {
  return circuit.map(({ reference, donor, kl }, i) => {
    const other = model[i]!;
    if (other.reference !== reference) throw new Error("Model and circuit ran in different orders.");
    return { reference, donor, value: other.kl - kl };
  });
}
