import * as tf from "@tensorflow/tfjs-core";
import {
  CONNECTIONS,
  nodeId,
  nodeSites,
  siteAt,
  siteWidth,
  sparseRows,
  type Model,
  type NodeFileEdge,
  type NodeId,
  type NodeMask,
  type SiteName,
  type SparseRows,
} from "@filigree/core";
import type { EdgeMask, ModelGraph } from "../contract/pruner.ts";

/** The nonzeros of one weight matrix: edges `start` to `end` of the graph, row after row. */
export interface MatrixEdges {
  /** Such as "transformer.h.0.attn.c_attn". */
  readonly name: string;
  /** The site whose values the matrix multiplies: `attn.y`, where the edges leave `attn.v`. */
  readonly reads: SiteName;
  readonly rows: number;
  readonly cols: number;
  readonly start: number;
  readonly end: number;
  /** row · cols + column of each, ascending. */
  readonly places: Int32Array;
}

/** A model's graph, and where its edges lie in the weight matrices. */
export interface WeightGraph extends ModelGraph {
  readonly matrices: readonly MatrixEdges[];
}

/** All nodes and edges of a model. */
export function readGraph(model: Model): WeightGraph {
  const { config } = model;
  const sites = new Map(nodeSites(config).map((site) => [site, siteWidth(config, site)]));
  const firstNodes = new Map<SiteName, number>();
  let nodeCount = 0;
  for (const [site, width] of sites) {
    firstNodes.set(site, nodeCount);
    nodeCount += width;
  }
  const attention = config.nHead * config.dHead;
  const matrices: MatrixEdges[] = [];
  const parts: { from: Uint32Array; to: Uint32Array; weight: Float32Array }[] = [];
  let edgeCount = 0;
  for (let layer = 0; layer < config.nLayer; layer++) {
    for (const matrix of new Set(CONNECTIONS.map(({ matrix }) => matrix))) {
      const blocks = CONNECTIONS.filter((connection) => connection.matrix === matrix);
      const source = siteAt(layer, blocks[0]!.from);
      const name = `transformer.h.${layer}.${matrix}`;
      const weights = nonzeroWeights(model, `${name}.weight`);
      const { rows, cols, rowStarts, columns, values } = weights;
      const size = values.length;
      const part = { from: new Uint32Array(size), to: new Uint32Array(size), weight: values.slice() };
      const places = new Int32Array(size);
      for (let row = 0; row < rows; row++) {
        const block = blocks.length === 1 ? blocks[0]! : blocks[Math.floor(row / attention)]!;
        const target = firstNodes.get(siteAt(layer, block.to))! + row - block.block * attention;
        for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) {
          places[k] = row * cols + columns[k]!;
          part.from[k] = firstNodes.get(source)! + columns[k]!;
          part.to[k] = target;
        }
      }
      const reads = siteAt(layer, blocks[0]!.reads);
      matrices.push({ name, reads, rows, cols, start: edgeCount, end: edgeCount + size, places });
      parts.push(part);
      edgeCount += size;
    }
  }
  const join = <Values extends Uint32Array | Float32Array>(all: Values, key: "from" | "to" | "weight"): Values => {
    parts.forEach((part, i) => all.set(part[key], matrices[i]!.start));
    return all;
  };
  return {
    sites,
    nodeCount,
    edgeCount,
    from: join(new Uint32Array(edgeCount), "from"),
    to: join(new Uint32Array(edgeCount), "to"),
    weight: join(new Float32Array(edgeCount), "weight"),
    matrices,
  };
}

/** The names of all nodes of a graph, by number. */
export function nodeNames({ sites }: ModelGraph): NodeId[] {
  return [...sites].flatMap(([site, width]) => Array.from({ length: width }, (_, channel) => nodeId(site, channel)));
}

/** The edges whose gates are not 0. */
export function openEdges(graph: ModelGraph, mask: EdgeMask): NodeFileEdge[] {
  const names = nodeNames(graph);
  const edges: NodeFileEdge[] = [];
  mask.forEach((gate, e) => {
    if (gate === 0) return;
    edges.push({ from: names[graph.from[e]!]!, to: names[graph.to[e]!]!, weight: graph.weight[e]! });
  });
  return edges;
}

/** Which nodes an edge mask leaves in: those with an edge whose gate is not 0. */
export function nodesOfEdges({ sites, nodeCount, from, to }: ModelGraph, mask: EdgeMask): NodeMask {
  const open = new Float32Array(nodeCount);
  mask.forEach((gate, e) => {
    if (gate !== 0) open[from[e]!] = open[to[e]!] = 1;
  });
  let start = 0;
  return new Map([...sites].map(([site, width]) => [site, open.slice(start, (start += width))]));
}

/** The nonzeros of a [rows, cols] weight matrix of a model. */
export function nonzeroWeights(model: Model, name: string): SparseRows {
  const matrix = model.parameters.matrix(name);
  if (!(matrix instanceof tf.Tensor)) return matrix.toCompressed();
  return sparseRows(matrix.dataSync<"float32">(), ...matrix.shape);
}
