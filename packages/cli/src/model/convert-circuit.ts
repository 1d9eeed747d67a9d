import type { EdgeNumbers, NodeFile, NodeFileEdge, NodeId, VizData } from "@filigree/core";
import { InputError, NODE_FILE_FORMAT, nodeId, parseNodeId, type SiteName } from "@filigree/sites";
import { withModel } from "./with-model.ts";

/** The model of a circuit that nobody has named. */
const UNKNOWN_MODEL = "0".repeat(64);

/**
 * A published circuit as a node file. Its edges are the nonzero weights between its nodes: those of the model, where
 * one is given, else those that the file itself holds.
 *
 * @param path of a `viz_data.pt`
 * @throws InputError where a file is damaged, holds no circuit, or the circuit is not part of the model.
 */
export async function convertCircuit(
  path: string,
  options: { readonly model?: string; readonly task?: string },
): Promise<{ file: NodeFile; notes: readonly string[] }> {
  const { readVizData } = await import("@filigree/core");
  const viz = await readVizData(path);
  const nodes = Object.entries(viz.nodes).flatMap(([site, channels]) =>
    channels.map((channel) => nodeId(site as SiteName, channel)),
  );
  const { hash, edges } =
    options.model === undefined
      ? { hash: UNKNOWN_MODEL, edges: ownEdges(viz, new Set(nodes)) }
      : await edgesOfModel(options.model, nodes, path);
  const notes = [...viz.notes];
  if (options.model === undefined) notes.push("the circuit names no model: --model gives it one, and its weights");
  const file: NodeFile = {
    format: NODE_FILE_FORMAT,
    model: hash,
    task: options.task ?? "unknown",
    nodes: viz.nodes,
    edges: edges.map((edge) => withEffect(edge, viz.effects)),
    ablation: { kind: "mean", means: "model" },
    loss: { dev: null, test: viz.loss.circuit ?? null, uncalibrated: null, model: viz.loss.model ?? null },
    found: { pruner: "viz_data.pt", options: {}, seed: 0 },
  };
  return { file, notes };
}

function withEffect(edge: NodeFileEdge, effects: EdgeNumbers): NodeFileEdge {
  const effect = effects.get(`${edge.from} ${edge.to}`);
  return effect === undefined ? edge : { ...edge, effect };
}

function ownEdges({ weights }: VizData, kept: ReadonlySet<NodeId>): NodeFileEdge[] {
  return [...weights].flatMap(([pair, weight]) => {
    const [from, to] = pair.split(" ") as [NodeId, NodeId];
    return kept.has(from) && kept.has(to) ? [{ from, to, weight }] : [];
  });
}

async function edgesOfModel(
  directory: string,
  nodes: readonly NodeId[],
  path: string,
): Promise<{ hash: string; edges: NodeFileEdge[] }> {
  const { siteWidth } = await import("@filigree/core");
  const { circuitEdges } = await import("@filigree/pruners");
  return withModel(directory, "wasm", (model) => {
    for (const node of nodes) {
      const { site, channel } = parseNodeId(node);
      const width = siteWidth(model.config, site);
      if (channel < width) continue;
      const what = `the circuit has a node "${node}", and the model has ${width} channels there`;
      throw new InputError({ what, where: path, hint: `is ${directory} the model that it was pruned from?` });
    }
    return Promise.resolve({ hash: model.hash, edges: circuitEdges(model, nodes) });
  });
}
