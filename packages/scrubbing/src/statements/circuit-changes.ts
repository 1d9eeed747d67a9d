import { nodeId, type NodeMask } from "@filigree/core";
import type { CircuitNodes, SitePart } from "@filigree/hypothesis";
import { complement, type CircuitPair } from "../engine/circuit-swap.ts";
import { edgeName, type ModelEdge } from "../engine/model-edges.ts";
import { RandomPlaces } from "../interpretation/random-places.ts";
import { namedParts, partsName } from "../interpretation/scrub-node.ts";
import { severalEdges } from "../interpretation/without-nodes.ts";
import type { Measurement } from "../statistics/samples.ts";
import { klScale, NULL_REFERENCES, prepareCircuit, swapsOf } from "./circuit-figures.ts";
import { nodesOf, withGate, type CircuitNode } from "./circuit-nodes.ts";
import type { ClaimContext } from "./evidence.ts";
import { edgeNotes, edgesApart, outsideOf } from "./file-edges.ts";
import { openWholeFile, runWithout, type WholeDraw } from "./whole-file.ts";

/** How many random additions are tried. */
const ADDITIONS = 40;

/** References, or draws, that each node is tested on. */
const TESTED = 256;

/** One node or edge less, one node more (by its number), or neither. */
export interface Change {
  readonly drop?: string;
  readonly add?: number;
}

export interface ChangedAnswers extends CircuitPair {
  readonly kl: number;
}

/** A circuit to change one by one, on some references. */
export interface ChangedRuns {
  /** KL of each pair's answers from its donor's. */
  readonly scale: readonly Measurement[];
  run(change: Change): Promise<readonly ChangedAnswers[]>;
}

/** A circuit with what can be dropped from it, and what was drawn to be added. */
export interface CircuitChanges {
  readonly nodes: readonly string[];
  /** Edges that can be dropped on their own. */
  readonly edges: readonly string[];
  /** What else there is to say of the circuit. */
  readonly notes: readonly string[];
  /** How many additions there are; 0 where nothing could be added. */
  readonly additions: number;
  /** The references by which an addition is chosen, and those that decide. */
  readonly few: ChangedRuns;
  readonly tested: ChangedRuns;
}

/**
 * Of a circuit that a `let` or a node file names: nodes at all tokens, and edges that the file lists. A node that is added
 * brings all its edges, though the file may leave out others: it can only change more, so that there is more to beat.
 */
export async function nodeChanges(
  context: ClaimContext,
  circuit: CircuitNodes,
): Promise<CircuitChanges | { readonly problem: string }> {
  const prepared = await prepareCircuit(context, circuit);
  if ("problem" in prepared) return prepared;
  const { pairs, mask, edges } = prepared;
  const { listed, leftOut } = edges;
  const apart = new Map(edgesApart(listed).map((edge) => [edgeName(edge), edge]));
  const named = new Map(nodesOf(mask).map((node) => [nodeId(node.site, node.channel) as string, node]));
  const outside = additions(context, mask);
  const changed = ({ drop, add }: Change): { keep: NodeMask; cut: readonly ModelEdge[] } => {
    if (add !== undefined) return { keep: withGate(mask, [outside[add]!], 1), cut: leftOut };
    if (drop === undefined) return { keep: mask, cut: leftOut };
    const edge = apart.get(drop);
    if (edge) return { keep: mask, cut: [...leftOut, edge] };
    return { keep: withGate(mask, [named.get(drop)!], 0), cut: leftOut };
  };
  const runs = (some: readonly CircuitPair[], traced: boolean): ChangedRuns => {
    const swaps = swapsOf(context, some);
    return {
      scale: klScale(context, some),
      async run(change) {
        const { keep, cut } = changed(change);
        const outcomes = await swaps.resample(keep, cut);
        if (traced) context.trace(ruleOf(change, outsideOf(edges)), outcomes, complement(keep), cut);
        return outcomes;
      },
    };
  };
  return {
    nodes: [...named.keys()],
    edges: [...apart.keys()],
    notes: circuit.edges ? edgeNotes(edges) : ["this is about nodes: no edge between them was dropped"],
    additions: outside.length,
    few: runs(pairs.slice(0, NULL_REFERENCES), false),
    tested: runs(pairs.slice(0, TESTED), true),
  };
}

/** Of the claims of a file together: named nodes, and random channels at random places that show what the reference does. */
export async function wholeChanges(context: ClaimContext): Promise<CircuitChanges | { readonly problem: string }> {
  const whole = await openWholeFile(context);
  if ("problem" in whole) return whole;
  const named = namedParts(whole.graph.roots);
  const random = context.random("random additions");
  const places = new RandomPlaces(context, [...named.values()].flat());
  const outside = Array.from({ length: ADDITIONS }, (): SitePart[] => {
    const model = [...named.values()][random.integer(named.size)]!;
    return model.map(places.draw());
  });
  const runs = (draws: readonly WholeDraw[]): ChangedRuns => ({
    scale: klScale(context, draws),
    run(change) {
      const { drop, add } = change;
      if (add === undefined) {
        return runWithout(context, ruleOf(change), whole, draws, new Set(drop === undefined ? [] : [drop]));
      }
      const parts = outside[add]!;
      const node = { name: partsName(parts), parts, features: [], inputs: [], held: [] };
      // First, so that a named node at the same place stays what it is.
      const more = draws.map((draw) => ({
        ...draw,
        trees: [{ node, datum: draw.reference, frame: undefined, inputs: [] }, ...draw.trees],
      }));
      return runWithout(context, ruleOf(change), whole, more, new Set());
    },
  });
  return {
    nodes: [...named.keys()],
    edges: severalEdges(whole.graph.roots),
    notes: [],
    additions: outside.length,
    few: runs(whole.draws.slice(0, NULL_REFERENCES)),
    tested: runs(whole.draws.slice(0, TESTED)),
  };
}

function ruleOf({ drop, add }: Change, outside = "outside"): string {
  if (drop !== undefined) return `without ${drop} ← ANY`;
  return add === undefined ? `${outside} ← ANY` : `${outside} but an addition ← ANY`;
}

/** Nodes outside the circuit, at its sites in its own mix as far as there are any. */
function additions(context: ClaimContext, mask: NodeMask): CircuitNode[] {
  const random = context.random("random additions");
  const inside = nodesOf(mask);
  const free = new Map(
    [...mask].map(([site, gates]) => {
      const channels = [...gates.keys()].filter((channel) => gates[channel] === 0);
      return [site, random.shuffle(channels)];
    }),
  );
  const chosen: CircuitNode[] = [];
  const sites = inside.map(({ site }) => site);
  while (chosen.length < ADDITIONS) {
    const open = sites.filter((site) => free.get(site)!.length > 0);
    if (open.length === 0) break;
    const site = open[random.integer(open.length)]!;
    chosen.push({ site, channel: free.get(site)!.pop()! });
  }
  return chosen;
}
