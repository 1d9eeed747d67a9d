import { nodeId, type NodeFileEdge, type NodeId, type NodeMask } from "@filigree/core";
import type { EdgeMask, ModelGraph } from "@filigree/pruners";

/** Whether each node of a graph is one of some. */
export function amongNodes({ sites }: ModelGraph, nodes: Iterable<NodeId>): boolean[] {
  const some = new Set(nodes);
  return [...sites].flatMap(([site, width]) =>
    Array.from({ length: width }, (_, channel) => some.has(nodeId(site, channel))),
  );
}

/** Whether each edge of a graph is one of some. */
export function amongEdges(graph: ModelGraph, edges: Iterable<Pick<NodeFileEdge, "from" | "to">>): boolean[] {
  const names = [...graph.sites].flatMap(([site, width]) => Array.from({ length: width }, (_, c) => nodeId(site, c)));
  const some = new Set([...edges].map(({ from, to }) => `${from} ${to}`));
  return Array.from(graph.from, (from, e) => some.has(`${names[from]} ${names[graph.to[e]!]}`));
}

/** The mask that keeps some nodes. */
export function nodeMask({ sites }: ModelGraph, kept: readonly boolean[]): NodeMask {
  let node = 0;
  return new Map([...sites].map(([site, width]) => [site, Float32Array.from({ length: width }, () => +kept[node++]!)]));
}

/** The mask that keeps some edges. */
export function edgeMask(kept: readonly boolean[]): EdgeMask {
  return Float32Array.from(kept, Number);
}
