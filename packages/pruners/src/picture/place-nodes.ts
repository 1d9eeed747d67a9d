import { countCrossings } from "./crossings.ts";
import type { Lane, PictureGraph } from "./picture-graph.ts";
import { clusterShape, nodeWidth, type ClusterShape } from "./shapes.ts";
import { spread } from "./spread.ts";

const SWEEPS = 24;
const COLUMN_GAP = 10;
const CLUSTER_GAP = 14;
/** A lane may share a column with one of so many before it, where their rows do not meet. */
const COLUMNS_LOOKED_AT = 3;

/** Where everything stands across the picture, from 0. */
export interface Places {
  readonly width: number;
  /** Centre of each node. */
  readonly x: readonly number[];
  /** Left edge of each cluster, and where its parts lie. */
  readonly clusters: readonly { readonly left: number; readonly shape: ClusterShape }[];
}

/**
 * Lanes stand in columns, clusters as near as they can to what they are joined to. Both are ordered by the mean place
 * of their neighbours, in turns (barycentre sweeps; Sugiyama et al. 1981). The turn with the fewest crossings stays, of
 * several the one whose edges are the most upright.
 */
export function placeNodes(graph: PictureGraph): Places {
  const sweeper = new Sweeper(graph);
  let best = sweeper.snapshot();
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    sweeper.orderLanes();
    sweeper.orderClusters();
    const next = sweeper.snapshot();
    if (next.crossings < best.crossings || (next.crossings === best.crossings && next.slant < best.slant)) best = next;
  }
  return fromZero(best, sweeper.widths);
}

interface Snapshot extends Omit<Places, "width"> {
  readonly crossings: number;
  /** How far all edges go sideways. */
  readonly slant: number;
}

class Sweeper {
  readonly widths: readonly number[];
  readonly #graph: PictureGraph;
  readonly #x: number[];
  readonly #groups: number[][][];
  #clusters: { left: number; shape: ClusterShape }[] = [];

  /** Starts with lanes by channel and clusters below or above what they are joined to. */
  constructor(graph: PictureGraph) {
    this.#graph = graph;
    this.widths = graph.nodes.map(nodeWidth);
    this.#x = graph.nodes.map(() => 0);
    this.#groups = graph.clusters.map(({ groups }) => groups.map((group) => [...group]));
    this.#setColumns(graph.lanes);
    this.orderClusters();
  }

  snapshot(): Snapshot {
    const x = [...this.#x];
    const slant = this.#graph.edges.reduce((sum, { from, to }) => sum + Math.abs(x[from]! - x[to]!), 0);
    return { x, clusters: this.#clusters, crossings: countCrossings(this.#graph, x), slant };
  }

  orderLanes(): void {
    this.#setColumns(sortedBy(this.#graph.lanes, ({ nodes }) => this.#wish(nodes)));
  }

  orderClusters(): void {
    const { clusters, rows } = this.#graph;
    const placed: { left: number; shape: ClusterShape }[] = [];
    rows.forEach((_, row) => {
      const inRow = [...clusters.keys()].filter((index) => clusters[index]!.row === row);
      const wishes = inRow.map((index) => {
        this.#groups[index] = this.#groups[index]!.map((group) => sortedBy(group, (node) => this.#wish([node])));
        const groups = this.#groups[index];
        const shape = clusterShape({ head: clusters[index]!.head, groups }, this.widths);
        return { index, groups, shape, width: shape.width, at: this.#wish(groups.flat()) };
      });
      const ordered = sortedBy(wishes, ({ at }) => at);
      spread(ordered, CLUSTER_GAP).forEach((centre, place) => {
        const { index, groups, shape } = ordered[place]!;
        const left = centre - shape.width / 2;
        placed[index] = { left, shape };
        groups.flat().forEach((node, part) => (this.#x[node] = left + shape.centres[part]!));
      });
    });
    this.#clusters = placed;
  }

  /** Lanes in this order, each in a column of its own or in one that is free over its rows. */
  #setColumns(lanes: readonly Lane[]): void {
    const columns: { lanes: Lane[]; width: number }[] = [];
    for (const lane of lanes) {
      const width = Math.max(...lane.nodes.map((node) => this.widths[node]!));
      const free = columns
        .slice(-COLUMNS_LOOKED_AT)
        .find((column) => column.lanes.every((other) => apart(lane, other)));
      if (free === undefined) columns.push({ lanes: [lane], width });
      else {
        free.lanes.push(lane);
        free.width = Math.max(free.width, width);
      }
    }
    let left = 0;
    for (const { lanes: some, width } of columns) {
      for (const { nodes } of some) for (const node of nodes) this.#x[node] = left + width / 2;
      left += width + COLUMN_GAP;
    }
  }

  /** The mean place of what the nodes are joined to; where they are joined to nothing, their own. */
  #wish(nodes: readonly number[]): number {
    const joined = nodes.flatMap((node) => this.#graph.nodes[node]!.neighbours);
    const places = (joined.length > 0 ? joined : nodes).map((node) => this.#x[node]!);
    return places.reduce((sum, place) => sum + place, 0) / places.length;
  }
}

function apart(a: Lane, b: Lane): boolean {
  return a.lastRow < b.firstRow || b.lastRow < a.firstRow;
}

/** Stable: what is equal keeps its order. */
function sortedBy<Item>(items: readonly Item[], key: (item: Item) => number): Item[] {
  const keyed = items.map((item) => ({ item, at: key(item) }));
  return keyed.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

function fromZero({ x, clusters }: Snapshot, widths: readonly number[]): Places {
  const lefts = [...clusters.map(({ left }) => left), ...x.map((centre, node) => centre - widths[node]! / 2)];
  const rights = [
    ...clusters.map(({ left, shape }) => left + shape.width),
    ...x.map((centre, node) => centre + widths[node]! / 2),
  ];
  const first = Math.min(...lefts, Infinity);
  if (first === Infinity) return { width: 0, x: [], clusters: [] };
  return {
    width: Math.max(...rights) - first,
    x: x.map((centre) => centre - first),
    clusters: clusters.map(({ left, shape }) => ({ left: left - first, shape })),
  };
}
