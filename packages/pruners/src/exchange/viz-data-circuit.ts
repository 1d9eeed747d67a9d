import {
  InputError,
  NODE_FILE_FORMAT,
  nodeId,
  siteWidth,
  type Model,
  type NodeFile,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
  type VizData,
} from "@filigree/core";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { UNKNOWN_MODEL } from "./model-of-circuit.ts";

/** What a published circuit does not say of itself. */
export interface ImportSettings {
  /** The file that it comes from, for messages. */
  readonly where: string;
  /** The model that it is part of. */
  readonly model?: Model;
  /** The task that it was pruned for. */
  readonly task?: string;
}

/** What stands for a task that nobody has named. */
export const UNKNOWN_TASK = "unknown";

/**
 * A circuit that OpenAI published, as a node file. Its edges are the nonzero weights between its nodes: those of the
 * model, where one is given, else those that the published file holds. Effects are the published ones.
 *
 * @throws InputError where the circuit has nodes that the model lacks.
 */
export function circuitOfVizData(viz: VizData, { where, model, task = UNKNOWN_TASK }: ImportSettings): NodeFile {
  const nodes = Object.entries(viz.nodes).flatMap(([site, channels]) =>
    channels.map((channel) => nodeId(site as SiteName, channel)),
  );
  if (model !== undefined) checkChannels(viz, model, where);
  const edges = model === undefined ? ownEdges(viz, new Set(nodes)) : circuitEdges(model, nodes);
  return {
    format: NODE_FILE_FORMAT,
    model: model?.hash ?? UNKNOWN_MODEL,
    task,
    nodes: viz.nodes,
    edges: edges.map((edge) => {
      const effect = viz.effects.get(`${edge.from} ${edge.to}`);
      return effect === undefined ? edge : { ...edge, effect };
    }),
    ablation: { kind: "mean", means: "model" },
    loss: { dev: null, test: viz.loss.circuit ?? null, uncalibrated: null, model: viz.loss.model ?? null },
    found: { pruner: "viz_data.pt", options: {}, seed: 0 },
  };
}

function checkChannels(viz: VizData, { config }: Model, where: string): void {
  for (const [site, channels] of Object.entries(viz.nodes) as [SiteName, readonly number[]][]) {
    const last = channels.at(-1);
    if (last === undefined) continue;
    const width = siteWidth(config, site);
    if (last < width) continue;
    const first = channels.find((channel) => channel >= width)!;
    const what = `the circuit has a node "${nodeId(site, first)}", and the model has ${width} channels there`;
    throw new InputError({ what, where, hint: "is it the model that the circuit was pruned from?" });
  }
}

function ownEdges({ weights }: VizData, kept: ReadonlySet<NodeId>): NodeFileEdge[] {
  return [...weights].flatMap(([pair, weight]) => {
    const [from, to] = pair.split(" ") as [NodeId, NodeId];
    return kept.has(from) && kept.has(to) ? [{ from, to, weight }] : [];
  });
}
