import { nodeId, parseNodeId, parseSite, type NodeFileEdge, type RandomStream, type SiteName } from "@filigree/core";
import { channelsBySite } from "../circuit/circuit-edges.ts";
import type { Circuit } from "../circuit/circuit.ts";
import type { WeightGraph } from "../circuit/model-graph.ts";
import { allEdges } from "./circuit-variants.ts";

// In a sparse model nodes drawn blindly have hardly an edge between them, and nothing flows: any circuit beats them. So
// random circuits are grown. Sites are gone through in forward order, and what is reached from the nodes drawn so far
// comes first: along an edge, or along a channel of the residual stream that one node writes and a later one reads.

/**
 * Draws circuits of the same size: as many nodes at every site. Of a circuit with edges of its own, as many edges from
 * every site to every other, with the nodes at their ends, and more nodes where these are fewer than the circuit's.
 */
export function sameSizeCircuits(graph: WeightGraph, { nodes, edges }: Circuit): (random: RandomStream) => Circuit {
  const sizes = [...channelsBySite(nodes)].map(([site, { length }]) => [site, length] as const);
  if (!edges) {
    const reach = new Reach(graph, allEdges(graph));
    return (random) => ({ nodes: growNodes(graph, sizes, reach, random) });
  }
  const pools = groupBySites(allEdges(graph));
  const counts = new Map([...groupBySites(edges)].map(([sites, { length }]) => [sites, length]));
  return (random) => {
    const drawn = growEdges(graph, pools, counts, random);
    const ends = channelsBySite(new Set(drawn.flatMap(({ from, to }) => [from, to])));
    const chosen = sizes.flatMap(([site, count]) => {
      const needed = new Set(ends.get(site));
      const others = channelsOf(graph, site).filter((channel) => !needed.has(channel));
      const all = [...needed, ...random.sample(others, Math.max(0, count - needed.size))];
      return all.map((channel) => nodeId(site, channel));
    });
    return { nodes: chosen, edges: drawn };
  };
}

function growNodes(
  graph: WeightGraph,
  sizes: readonly (readonly [SiteName, number])[],
  reach: Reach,
  random: RandomStream,
): Circuit["nodes"] {
  const reached = new Set<string>();
  return sizes.flatMap(([site, count]) => {
    const nodes = channelsOf(graph, site).map((channel) => nodeId(site, channel));
    const chosen = sampleFirst(nodes, (node) => reached.has(node), count, random);
    for (const node of chosen) for (const next of reach.from(node)) reached.add(next);
    return chosen;
  });
}

function growEdges(
  graph: WeightGraph,
  pools: ReadonlyMap<string, readonly NodeFileEdge[]>,
  counts: ReadonlyMap<string, number>,
  random: RandomStream,
): NodeFileEdge[] {
  const stream = new Reach(graph, []);
  const reached = new Set<string>();
  return [...pools].flatMap(([sites, pool]) => {
    const chosen = sampleFirst(pool, ({ from }) => reached.has(from), counts.get(sites) ?? 0, random);
    for (const { to } of chosen) for (const next of [to, ...stream.from(to)]) reached.add(next);
    return chosen;
  });
}

/** So many at random, the preferred ones first. */
function sampleFirst<T>(items: readonly T[], isFirst: (item: T) => boolean, count: number, random: RandomStream): T[] {
  const first = random.sample(items.filter(isFirst), count);
  const rest = items.filter((item) => !isFirst(item));
  return [...first, ...random.sample(rest, count - first.length)];
}

/** Which nodes a node leads to, by name: along edges, and along the channel of the residual stream that it writes. */
class Reach {
  readonly #graph: WeightGraph;
  readonly #next = new Map<string, string[]>();

  constructor(graph: WeightGraph, edges: readonly NodeFileEdge[]) {
    this.#graph = graph;
    for (const { from, to } of edges) {
      const targets = this.#next.get(from);
      if (targets) targets.push(to);
      else this.#next.set(from, [to]);
    }
  }

  from(node: string): string[] {
    const { site, channel } = parseNodeId(node);
    if (!parseSite(site).kind.endsWith("resid_delta")) return this.#next.get(node) ?? [];
    // Sites are in forward order: the readers of what is written here come after it.
    const sites = [...this.#graph.sites.keys()];
    const later = sites.slice(sites.indexOf(site)).filter((other) => parseSite(other).kind.endsWith("act_in"));
    return later.map((reader) => nodeId(reader, channel));
  }
}

function channelsOf({ sites }: WeightGraph, site: SiteName): number[] {
  return Array.from({ length: sites.get(site)! }, (_, channel) => channel);
}

function groupBySites(edges: readonly NodeFileEdge[]): Map<string, NodeFileEdge[]> {
  const groups = new Map<string, NodeFileEdge[]>();
  for (const edge of edges) {
    const sites = `${parseNodeId(edge.from).site} ${parseNodeId(edge.to).site}`;
    const group = groups.get(sites);
    if (group) group.push(edge);
    else groups.set(sites, [edge]);
  }
  return groups;
}
