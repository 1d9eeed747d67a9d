import { parseNodeId, parseSite, type NodeMask } from "@filigree/core";
import type { CircuitNodes } from "@filigree/hypothesis";
import { edgeName, type ModelEdge } from "../engine/model-edges.ts";
import { counted } from "../report/words.ts";
import type { ClaimContext } from "./evidence.ts";

/**
 * The nonzero weights between a circuit's nodes. Those that a node file leaves out are cut: they carry what their source
 * shows in the donor's run (resample ablation of edges; Conmy et al. 2023).
 */
export interface CircuitEdges {
  /** Those that a node file lists; of a circuit that is no node file, none. */
  readonly listed: readonly ModelEdge[];
  readonly leftOut: readonly ModelEdge[];
}

/** The edges of a circuit by its node file; or why they cannot be told. */
export function circuitEdges(
  { clean }: ClaimContext,
  { edges }: CircuitNodes,
  mask: NodeMask,
): CircuitEdges | { readonly problem: string } {
  // Sites that a person joins are a circuit of nodes: every weight between them stays.
  if (edges === undefined) return { listed: [], leftOut: [] };
  const between = clean.edges.between(mask);
  // Edges from embeddings and to logits are no single weights: they are never cut.
  const named = edges.filter(({ from, to }) => [from, to].every((node) => mask.has(parseNodeId(node).site)));
  const names = new Set(named.map(edgeName));
  const known = new Set(between.map(edgeName));
  const missing = [...names].find((name) => !known.has(name));
  if (missing !== undefined) return { problem: `the node file lists ${missing}, and the model has no such weight` };
  return {
    listed: between.filter((edge) => names.has(edgeName(edge))),
    leftOut: between.filter((edge) => !names.has(edgeName(edge))),
  };
}

/** What the rule replaces that keeps a circuit alone. */
export function outsideOf({ leftOut }: CircuitEdges): string {
  return leftOut.length === 0 ? "outside" : `outside and ${counted(leftOut.length, "edge")} inside`;
}

/** Tells the reader that the circuit is less than its nodes. */
export function edgeNotes({ listed, leftOut }: CircuitEdges): string[] {
  if (leftOut.length === 0) return [];
  const all = listed.length + leftOut.length;
  return [
    `the node file leaves out ${leftOut.length} of the ${all} edges between its nodes: ` +
      "these carry what their source shows for the donor",
  ];
}

/**
 * The edges to drop one by one. The only edge into a node is all that the circuit tells it, and the only one out of a
 * node, unless attention lies between, all that it tells the circuit: to drop one of these is to drop the node, which is
 * tested anyway (but for what AbsTopK then selects).
 */
export function edgesApart(edges: readonly ModelEdge[]): ModelEdge[] {
  const [leaving, entering] = [countBy(edges, ({ from }) => from), countBy(edges, ({ to }) => to)];
  return edges.filter(({ from, to }) => {
    const throughAttention = parseSite(parseNodeId(from).site).kind === "attn.v";
    return entering.get(to)! > 1 && (throughAttention || leaving.get(from)! > 1);
  });
}

function countBy(edges: readonly ModelEdge[], nodeOf: (edge: ModelEdge) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const edge of edges) counts.set(nodeOf(edge), (counts.get(nodeOf(edge)) ?? 0) + 1);
  return counts;
}
