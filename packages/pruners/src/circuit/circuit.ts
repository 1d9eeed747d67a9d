import {
  InputError,
  type ModelConfig,
  maskOfNodes,
  type NodeFileEdge,
  type NodeId,
  type NodeMask,
} from "@filigree/core";
import type { EdgeMask } from "../contract/pruner.ts";
import { nodeNames, type WeightGraph } from "./model-graph.ts";

/** A part of a model: what its other nodes show, and what its other edges carry, is ablated. */
export interface Circuit {
  readonly nodes: readonly NodeId[];
  /** Which of the nonzero weights between the nodes belong to it. All, where left out. */
  readonly edges?: readonly NodeFileEdge[];
}

/** The gates that leave a circuit as it is and ablate the rest. */
export interface CircuitGates {
  readonly nodes: NodeMask;
  /** Where some edge between the nodes is cut. */
  readonly edges?: EdgeMask;
}

/** @throws InputError for a node or an edge that the model does not have. */
export function gatesOf(config: ModelConfig, graph: WeightGraph, { nodes, edges }: Circuit): CircuitGates {
  const mask = maskOfNodes(config, nodes);
  if (edges === undefined) return { nodes: mask };
  const names = nodeNames(graph);
  const kept = new Set<NodeId>(nodes);
  const left = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  // Edges from nodes outside carry what these show, which is ablated already; what enters a node outside changes only
  // which channels AbsTopK selects, as in a circuit of nodes.
  const gates = new Float32Array(graph.edgeCount).fill(1);
  let cut = 0;
  for (let e = 0; e < graph.edgeCount; e++) {
    const [from, to] = [names[graph.from[e]!]!, names[graph.to[e]!]!];
    if (!kept.has(from) || !kept.has(to) || left.delete(`${from} ${to}`)) continue;
    gates[e] = 0;
    cut++;
  }
  const [missing] = left;
  if (missing !== undefined) {
    throw new InputError({
      what: `the model has no edge from ${missing.replace(" ", " to ")} between nodes of the circuit`,
      expected: "a nonzero weight between two of its nodes",
    });
  }
  return cut === 0 ? { nodes: mask } : { nodes: mask, edges: gates };
}
