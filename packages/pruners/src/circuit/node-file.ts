import {
  maskOfNodes,
  nodeId,
  NODE_FILE_FORMAT,
  type Model,
  type ModelConfig,
  type NodeFile,
  type NodeId,
  type NodeMask,
  type SiteName,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import type { CircuitEvaluation } from "../evaluation/evaluate-circuit.ts";
import type { AblationKind } from "../contract/pruner.ts";
import { channelsBySite } from "./circuit-edges.ts";
import type { Circuit } from "./circuit.ts";

/** The nodes that a node file lists, in forward order. */
export function circuitNodes(file: NodeFile): NodeId[] {
  const sites = Object.entries(file.nodes) as [SiteName, readonly number[]][];
  const nodes = sites.flatMap(([site, channels]) => channels.map((channel) => nodeId(site, channel)));
  return [...channelsBySite(nodes)].flatMap(([site, channels]) => channels.map((channel) => nodeId(site, channel)));
}

/** A node file's circuit. What enters or leaves its nodes from elsewhere, such as an embedding, is never cut. */
export function circuitOfFile(file: NodeFile): Circuit {
  const nodes = circuitNodes(file);
  const kept = new Set(nodes);
  return { nodes, edges: file.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)) };
}

/** The mask that keeps a node file's circuit and ablates the rest. @throws InputError for a node that the model lacks. */
export function circuitMask(config: ModelConfig, file: NodeFile): NodeMask {
  return maskOfNodes(config, circuitNodes(file));
}

/** A circuit as data, with what the evaluation measured. */
export function circuitFile(
  model: Model,
  task: Task,
  nodes: readonly NodeId[],
  ablation: AblationKind,
  evaluation: CircuitEvaluation,
  found: NodeFile["found"],
): NodeFile {
  const { calibration, calibrated, uncalibrated, model: whole, edges } = evaluation;
  return {
    format: NODE_FILE_FORMAT,
    model: model.hash,
    task: task.name,
    nodes: Object.fromEntries(channelsBySite(nodes)),
    edges,
    ablation: { kind: ablation, means: "model" },
    calibration,
    loss: {
      dev: calibrated.dev.loss,
      test: calibrated.test.loss,
      uncalibrated: uncalibrated.test.loss,
      model: whole.test.loss,
    },
    found,
  };
}
