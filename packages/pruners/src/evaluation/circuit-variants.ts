import type { ModelConfig, NodeFileEdge } from "@filigree/core";
import { gatesOf, type Circuit } from "../circuit/circuit.ts";
import { nodeNames, openEdges, type WeightGraph } from "../circuit/model-graph.ts";

/** The circuit, without its list of edges where that names all between its nodes. @throws InputError as `gatesOf` does */
export function normalCircuit(config: ModelConfig, graph: WeightGraph, { nodes, edges }: Circuit): Circuit {
  const once = [...new Set(nodes)];
  if (edges === undefined) return { nodes: once };
  const cutsEdges = gatesOf(config, graph, { nodes: once, edges }).edges !== undefined;
  return cutsEdges ? { nodes: once, edges } : { nodes: once };
}

/** All of a model. */
export function wholeCircuit(graph: WeightGraph): Circuit {
  return { nodes: nodeNames(graph) };
}

/** All of a model but a circuit's nodes; of a circuit with edges of its own, but these edges. */
export function complementOf(graph: WeightGraph, { nodes, edges }: Circuit): Circuit {
  const all = nodeNames(graph);
  if (edges) {
    const gone = new Set(edges.map(edgeName));
    return { nodes: all, edges: allEdges(graph).filter((edge) => !gone.has(edgeName(edge))) };
  }
  const gone = new Set(nodes);
  return { nodes: all.filter((node) => !gone.has(node)) };
}

function edgeName({ from, to }: NodeFileEdge): string {
  return `${from} ${to}`;
}

/** Every edge of a model. */
export function allEdges(graph: WeightGraph): NodeFileEdge[] {
  return openEdges(graph, new Float32Array(graph.edgeCount).fill(1));
}
