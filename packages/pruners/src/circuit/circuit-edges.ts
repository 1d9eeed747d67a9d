import * as tf from "@tensorflow/tfjs-core";
import {
  compareSites,
  nodeId,
  parseNodeId,
  siteAt,
  sparseRows,
  type LayerSiteKind,
  type Model,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
  type SparseRows,
} from "@filigree/core";

/** A block of a weight matrix between two node sites: `weight[firstRow + to, from]`. */
interface Connection {
  readonly matrix: "attn.c_attn" | "attn.c_proj" | "mlp.c_fc" | "mlp.c_proj";
  readonly from: LayerSiteKind;
  readonly to: LayerSiteKind;
  /** In units of heads · dHead: c_attn stacks q, k and v. */
  readonly block: 0 | 1 | 2;
}

/**
 * Which sites a weight matrix joins directly (Gao et al. 2025, §2.2). Attention moves values between tokens and not
 * between channels, so c_proj joins channel c of v to the output. There is no edge from a write into the residual
 * stream to a later read of it, nor between q and k.
 */
const CONNECTIONS: readonly Connection[] = [
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.q", block: 0 },
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.k", block: 1 },
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.v", block: 2 },
  { matrix: "attn.c_proj", from: "attn.v", to: "attn.resid_delta", block: 0 },
  { matrix: "mlp.c_fc", from: "mlp.act_in", to: "mlp.post_act", block: 0 },
  { matrix: "mlp.c_proj", from: "mlp.post_act", to: "mlp.resid_delta", block: 0 },
];

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

function nonzeroWeights(model: Model, name: string): SparseRows {
  const matrix = model.parameters.matrix(name);
  if (!(matrix instanceof tf.Tensor)) return matrix.toCompressed();
  return sparseRows(matrix.dataSync<"float32">(), ...matrix.shape);
}
