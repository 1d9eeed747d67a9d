import {
  InputError,
  NODE_FILE_FORMAT,
  nodeId,
  parseNodeId,
  parseSite,
  siteAt,
  siteWidth,
  type LayerSiteKind,
  type Model,
  type ModelConfig,
  type NodeFile,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import { circuitMask, circuitNodes } from "../circuit/node-file.ts";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { checkMibSizes, listComponents, listEdges, type MibComponent, type MibGraph } from "./mib-graph.ts";
import { UNKNOWN_TASK, type ImportSettings } from "./viz-data-circuit.ts";

/**
 * The heads and MLP blocks that a circuit of channels runs through. Neither the graph nor its format knows channels, so
 * this is coarser than the circuit.
 *
 * A head is in the graph where one of its queries, keys or values is a node, an MLP block where one of its neurons is.
 * An edge is in the graph where the circuit has a channel of the residual stream that the one writes (an edge of the
 * file leads from its values or neurons to that write) and the other reads (an edge leads from that read to the
 * queries, keys or values of the head, or to the neurons). `input` writes every channel and `logits` reads every one,
 * as embeddings and logits are never ablated. The score is the number of such channels.
 *
 * @throws InputError for a node that a model of this config does not have.
 */
export function mibGraphOf(file: NodeFile, config: ModelConfig): MibGraph {
  const { nLayer, nHead, dModel } = config;
  circuitMask(config, file);
  const components = new Set<MibComponent>(["input", "logits"]);
  for (const node of circuitNodes(file)) {
    const { kind } = parseSite(parseNodeId(node).site);
    if (PARTS.includes(kind as LayerSiteKind)) components.add(componentOf(node, config));
  }
  const { writes, reads } = trafficOf(file, config);
  const edges = new Map<string, number>();
  for (const edge of listEdges(config)) {
    const [from, to] = edge.split("->") as [string, string];
    const shared = countShared(writes.get(from), reads.get(to), config);
    if (shared > 0) edges.set(edge, shared);
  }
  return { nLayer, nHead, dModel, components, neurons: new Map(), edges };
}

/** The sites whose channels belong to one head or one MLP block. */
const PARTS: readonly LayerSiteKind[] = ["attn.q", "attn.k", "attn.v", "mlp.post_act"];

function componentOf(node: NodeId, { dHead }: ModelConfig): MibComponent {
  const { site, channel } = parseNodeId(node);
  const { layer, kind } = parseSite(site);
  return kind === "mlp.post_act" ? `m${layer}` : `a${layer}.h${Math.floor(channel / dHead)}`;
}

type Channels = ReadonlySet<number> | "all";

/** Which channels of the stream each component writes, and which each reads; a head reads apart for q, k and v. */
function trafficOf(
  { edges }: NodeFile,
  config: ModelConfig,
): { writes: ReadonlyMap<string, Channels>; reads: ReadonlyMap<string, Channels> } {
  const writes = new Map<string, Set<number>>();
  const reads = new Map<string, Set<number>>();
  const add = (map: Map<string, Set<number>>, name: string, channel: number): unknown =>
    map.set(name, (map.get(name) ?? new Set()).add(channel));
  for (const { from, to } of edges) {
    const [source, target] = [parseNodeId(from), parseNodeId(to)];
    const kind = parseSite(target.site).kind;
    switch (`${parseSite(source.site).kind} ${kind}`) {
      case "attn.act_in attn.q":
      case "attn.act_in attn.k":
      case "attn.act_in attn.v":
        add(reads, `${componentOf(to, config)}<${kind.at(-1)}>`, source.channel);
        break;
      case "mlp.act_in mlp.post_act":
        add(reads, componentOf(to, config), source.channel);
        break;
      case "attn.v attn.resid_delta":
      case "mlp.post_act mlp.resid_delta":
        add(writes, componentOf(from, config), target.channel);
    }
  }
  return {
    writes: new Map<string, Channels>([...writes, ["input", "all"]]),
    reads: new Map<string, Channels>([...reads, ["logits", "all"]]),
  };
}

function countShared(writes: Channels | undefined, reads: Channels | undefined, { dModel }: ModelConfig): number {
  if (writes === undefined || reads === undefined) return 0;
  if (writes === "all") return reads === "all" ? dModel : reads.size;
  if (reads === "all") return writes.size;
  let count = 0;
  for (const channel of writes) if (reads.has(channel)) count++;
  return count;
}

/**
 * The circuit of channels that a graph of heads and MLP blocks stands for: all channels of its components. Which
 * component hands what to which other is lost, as nothing in a circuit of channels could cut one of two components
 * that write and read the same channel.
 *
 * - A head in the graph brings its queries, keys or values: those that an edge of the graph enters, and the values where
 *   an edge leaves it; all three where it has no edge. Its layer brings all of `attn.act_in` and `attn.resid_delta`.
 * - An MLP block brings all of `mlp.act_in`, `mlp.post_act` and `mlp.resid_delta`.
 * - Where the graph lists neurons, only those channels of `resid_delta` are kept.
 *
 * @throws InputError where the graph is empty, or made for a model of other sizes.
 */
export function circuitOfMibGraph(
  graph: MibGraph,
  { where, model, task = UNKNOWN_TASK }: ImportSettings & { readonly model: Model },
): NodeFile {
  const { config } = model;
  checkMibSizes(graph, config, where);
  const channels = new Map<SiteName, Set<number>>();
  const keep = (layer: number, kind: LayerSiteKind, some?: Iterable<number>): void => {
    const site = siteAt(layer, kind);
    const kept = channels.get(site) ?? new Set();
    for (const channel of some ?? Array(siteWidth(config, site)).keys()) kept.add(channel);
    channels.set(site, kept);
  };
  const ends = endsOf(graph);
  for (const component of listComponents(graph)) {
    const [, kind, layerText, head] = /^([am])(\d+)(?:\.h(\d+))?$/u.exec(component) ?? [];
    if (kind === undefined || !graph.components.has(component)) continue;
    const layer = Number(layerText);
    if (kind === "m") {
      keep(layer, "mlp.act_in");
      keep(layer, "mlp.post_act");
      keep(layer, "mlp.resid_delta", written(graph, component));
    } else {
      const first = Number(head) * config.dHead;
      const own = Array.from({ length: config.dHead }, (_, channel) => first + channel);
      keep(layer, "attn.act_in");
      for (const part of partsInUse(ends, component)) keep(layer, `attn.${part}`, own);
      keep(layer, "attn.resid_delta", written(graph, component));
    }
  }
  if (channels.size === 0) {
    const hint = "the graph may hold scores only; choose a circuit first, as with apply_topn of EAP-IG";
    throw new InputError({ what: "no head and no MLP block is in the graph", where: `${where}: nodes`, hint });
  }
  const sorted = [...channels].map(([site, some]): [SiteName, number[]] => [site, [...some].sort((a, b) => a - b)]);
  const nodes = sorted.flatMap(([site, some]) => some.map((channel) => nodeId(site, channel)));
  return {
    format: NODE_FILE_FORMAT,
    model: model.hash,
    task,
    nodes: Object.fromEntries(sorted),
    edges: circuitEdges(model, nodes),
    ablation: { kind: "mean", means: "model" },
    loss: { dev: null, test: null, uncalibrated: null, model: null },
    found: { pruner: "mib-graph", options: {}, seed: 0 },
  };
}

function written({ neurons }: MibGraph, component: MibComponent): number[] | undefined {
  return neurons.get(component)?.flatMap((kept, channel) => (kept ? [channel] : []));
}

/** The components that an edge of the graph leaves, and what edges enter: components, or q, k or v of heads. */
function endsOf({ edges }: MibGraph): { left: ReadonlySet<string>; entered: ReadonlySet<string> } {
  const ends = [...edges.keys()].map((edge) => edge.split("->") as [string, string]);
  return { left: new Set(ends.map(([from]) => from)), entered: new Set(ends.map(([, to]) => to)) };
}

/** Of q, k and v those that an edge enters, and v where an edge leaves the head. All, where it has no edge. */
function partsInUse({ left, entered }: ReturnType<typeof endsOf>, head: MibComponent): readonly ("q" | "k" | "v")[] {
  const parts = ["q", "k", "v"] as const;
  const used = parts.filter((part) => entered.has(`${head}<${part}>`) || (part === "v" && left.has(head)));
  return used.length > 0 ? used : parts;
}
