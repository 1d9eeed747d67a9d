import {
  compareSites,
  CONNECTIONS,
  nodeId,
  parseNodeId,
  siteAt,
  type Model,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import { nonzeroWeights } from "./model-graph.ts";

/** The edges of a circuit: the nonzero weights between its nodes, in forward order. */
export function circuitEdges(model: Model, nodes: Iterable<NodeId>): NodeFileEdge[] {
  const { nLayer, nHead, dHead } = model.config;
  const channels = channelsBySite(nodes);
  const edges: NodeFileEdge[] = [];
  for (let layer = 0; layer < nLayer; layer++) {
    for (const { matrix, from, to, block } of CONNECTIONS) {
      const source = siteAt(layer, from);
      const target = siteAt(layer, to);
      const [sources, targets] = [channels.get(source) ?? [], channels.get(target) ?? []];
      if (sources.length === 0 || targets.length === 0) continue;
      const weights = nonzeroWeights(model, `transformer.h.${layer}.${matrix}.weight`);
      const kept = new Set(sources);
      for (const c of targets) {
        const row = block * nHead * dHead + c;
        for (let k = weights.rowStarts[row]!; k < weights.rowStarts[row + 1]!; k++) {
          const s = weights.columns[k]!;
          if (kept.has(s)) edges.push({ from: nodeId(source, s), to: nodeId(target, c), weight: weights.values[k]! });
        }
      }
    }
  }
  return edges;
}

/** Channels of the nodes by site, both in order. */
export function channelsBySite(nodes: Iterable<NodeId>): Map<SiteName, number[]> {
  const channels = new Map<SiteName, number[]>();
  for (const node of nodes) {
    const { site, channel } = parseNodeId(node);
    channels.set(site, [...(channels.get(site) ?? []), channel]);
  }
  const sorted = [...channels].map(([site, some]): [SiteName, number[]] => [site, some.sort((a, b) => a - b)]);
  return new Map(sorted.sort(([a], [b]) => compareSites(a, b)));
}
