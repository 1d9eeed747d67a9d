import {
  CONNECTIONS,
  nodeId,
  parseNodeId,
  siteAt,
  type Connection,
  type Cuts,
  type EdgeCuts,
  type Fills,
  type Model,
  type NodeId,
  type NodeMask,
  type RandomStream,
  type SiteName,
  type SparseRows,
} from "@filigree/core";
import { NonzeroWeights } from "../static/nonzero-weights.ts";

/** A nonzero weight between two nodes. */
export interface ModelEdge {
  readonly from: NodeId;
  readonly to: NodeId;
  /** Of the matrix, without ".weight". */
  readonly matrix: string;
  /** row · columns + column. */
  readonly place: number;
  /** What the matrix multiplies: the heads' mixes, where the edge leaves a value. */
  readonly reads: SiteName;
}

/** All edges from one site to another. */
interface Junction extends Connection {
  readonly layer: number;
  readonly name: string;
}

/** `0.attn.act_in.173 → 0.attn.v.80`. */
export function edgeName({ from, to }: Pick<ModelEdge, "from" | "to">): string {
  return `${from} → ${to}`;
}

/** The edges of a model: what its weight matrices join. Read when first asked for. */
export class ModelEdges {
  readonly #weights: NonzeroWeights;
  readonly #junctions: readonly Junction[];

  constructor(model: Model) {
    this.#weights = new NonzeroWeights(model);
    const layers = Array.from({ length: model.config.nLayer }, (_, layer) => layer);
    this.#junctions = layers.flatMap((layer) =>
      CONNECTIONS.map((connection) => ({
        ...connection,
        layer,
        name: `transformer.h.${layer}.${connection.matrix}`,
      })),
    );
  }

  /** Those between the nodes of a mask, in forward order. */
  between(mask: NodeMask): ModelEdge[] {
    return this.#junctions.flatMap((junction) => {
      const { layer, from, to } = junction;
      const [sources, targets] = [mask.get(siteAt(layer, from))!, mask.get(siteAt(layer, to))!];
      if (!sources.includes(1) || !targets.includes(1)) return [];
      const [first, { cols }] = [this.#firstRow(junction), this.#matrix(junction)];
      return this.#places(junction)
        .filter((place) => sources[place % cols] === 1 && targets[Math.floor(place / cols) - first] === 1)
        .map((place) => this.#edgeAt(junction, place));
    });
  }

  /** Draws as many edges from each site to each other as there are in a list, from all that lie there. */
  drawAlike(edges: readonly ModelEdge[]): (random: RandomStream) => ModelEdge[] {
    const groups = this.#junctions.flatMap((junction) => {
      const target = siteAt(junction.layer, junction.to);
      const leadsThere = ({ matrix, to }: ModelEdge) => matrix === junction.name && parseNodeId(to).site === target;
      const count = edges.filter(leadsThere).length;
      return count === 0 ? [] : [{ junction, count, places: this.#places(junction) }];
    });
    return (random) =>
      groups.flatMap(({ junction, count, places }) =>
        random.sample(places, count).map((place) => this.#edgeAt(junction, place)),
      );
  }

  /** The cuts of edges that carry what fills say. The fills hold every site that the edges read. */
  constantCuts(edges: readonly ModelEdge[], fills: Fills): Cuts {
    const reads = new Map(edges.map(({ matrix, reads }) => [matrix, reads]));
    return new Map(
      [...edgeCuts(edges)].map(([name, places]) => {
        const { rows, cols, rowStarts, columns } = this.#weights.matrix(`${name}.weight`);
        const kept = new Uint8Array(columns.length).fill(1);
        for (let row = 0; row < rows; row++) {
          for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) {
            if (places.has(row * cols + columns[k]!)) kept[k] = 0;
          }
        }
        return [name, { kept, fill: fills.get(reads.get(name)!)! }];
      }),
    );
  }

  #matrix({ name }: Junction): SparseRows {
    return this.#weights.matrix(`${name}.weight`);
  }

  #firstRow({ block }: Junction): number {
    const { nHead, dHead } = this.#weights.config;
    return block * nHead * dHead;
  }

  /** How many rows of the matrix lead there: c_attn stacks q, k and v. */
  #rowsOf(junction: Junction): number {
    const { nHead, dHead } = this.#weights.config;
    return junction.matrix === "attn.c_attn" ? nHead * dHead : this.#matrix(junction).rows;
  }

  /** Of all nonzeros. */
  #places(junction: Junction): number[] {
    const { cols, rowStarts, columns } = this.#matrix(junction);
    const first = this.#firstRow(junction);
    const places: number[] = [];
    for (let row = first; row < first + this.#rowsOf(junction); row++) {
      for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) places.push(row * cols + columns[k]!);
    }
    return places;
  }

  #edgeAt(junction: Junction, place: number): ModelEdge {
    const { layer, name, from, to, reads } = junction;
    const { cols } = this.#matrix(junction);
    return {
      from: nodeId(siteAt(layer, from), place % cols),
      to: nodeId(siteAt(layer, to), Math.floor(place / cols) - this.#firstRow(junction)),
      matrix: name,
      place,
      reads: siteAt(layer, reads),
    };
  }
}

/** Edges as core cuts them. */
export function edgeCuts(edges: readonly ModelEdge[]): EdgeCuts {
  const cuts = new Map<string, Set<number>>();
  for (const { matrix, place } of edges) {
    const places = cuts.get(matrix);
    if (places) places.add(place);
    else cuts.set(matrix, new Set([place]));
  }
  return cuts;
}
