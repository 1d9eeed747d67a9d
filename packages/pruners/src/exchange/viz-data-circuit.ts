import {
  InputError,
  NODE_FILE_FORMAT,
  nodeId,
  nodeSites,
  siteWidth,
  type EdgeNumbers,
  type Model,
  type ModelConfig,
  type NodeFile,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
  type VizData,
} from "@filigree/core";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { circuitMask, circuitOfFile } from "../circuit/node-file.ts";
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

/**
 * A node file's circuit as viz_data.pt holds circuits. That has no place for labels, calibration, and how the circuit
 * was found and ablated; its notes say what else is lost. All sites of the model are listed, most without nodes.
 *
 * @throws InputError where the circuit has nodes that the model lacks.
 */
export function vizDataOf(file: NodeFile, config: ModelConfig): VizData {
  circuitMask(config, file);
  const edges = circuitOfFile(file).edges ?? [];
  const withEffect = edges.filter(({ effect }) => effect !== undefined);
  const elsewhere = file.edges.length - edges.length;
  const { kind, means } = file.ablation;
  // An effect that nobody measured would read as 0.
  const effects = withEffect.length === edges.length ? withEffect : [];
  const notes = [
    elsewhere > 0 && `${elsewhere} of ${file.edges.length} edges are left out: an end of theirs is not a node`,
    effects.length < withEffect.length &&
      `effects of edges are left out: ${edges.length - withEffect.length} of ${edges.length} edges have none`,
    (kind !== "mean" || means !== "model") &&
      `the losses are those under ${kind === "mean" ? "ablation by the task's means" : `${kind} ablation`}: readers expect means of the corpus`,
  ];
  return {
    nodes: Object.fromEntries(nodeSites(config).map((site) => [site, file.nodes[site] ?? []])),
    effects: numbersOf(effects, ({ effect }) => effect!),
    weights: numbersOf(edges, ({ weight }) => weight),
    loss: { model: file.loss.model ?? undefined, circuit: file.loss.test ?? undefined },
    totalNodes: nodeSites(config).reduce((sum, site) => sum + siteWidth(config, site), 0),
    notes: notes.filter((note) => note !== false),
  };
}

function numbersOf(edges: readonly NodeFileEdge[], numberOf: (edge: NodeFileEdge) => number): EdgeNumbers {
  return new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, numberOf(edge)]));
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
