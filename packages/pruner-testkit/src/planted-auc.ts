import type { NodeMask } from "@filigree/core";
import type { EdgeMask, ModelGraph, Pruner } from "@filigree/pruners";
import { amongEdges, amongNodes } from "./planted/circuit-masks.ts";
import type { PlantedModel } from "./planted/planted-model.ts";
import { rocAuc } from "./roc-auc.ts";
import { prune, type Outcome } from "./runs.ts";

/** Areas under the ROC curve of telling the circuit of a planted model from its decoys. */
export interface PlantedAuc {
  readonly nodes: number;
  readonly edges: number;
  /** How many times as many nodes as were planted the circuit has that the pruner ends with. */
  readonly excess: number;
}

/** How a pruner is run. */
export interface AucSettings {
  readonly options?: unknown;
  readonly seed?: number;
}

/**
 * How well a pruner tells the circuit of a planted model from its decoys: by its scores, or, where it has none, by the
 * gates that it ends with.
 *
 * Where nodes are scored, an edge counts as much as the lower of its two nodes; where edges are, a node as much as its
 * highest edge. That is when they enter the circuit as the threshold falls.
 */
export async function plantedAuc(
  pruner: Pruner,
  planted: PlantedModel,
  { options = {}, seed = 0 }: AucSettings = {},
): Promise<PlantedAuc> {
  return outcomeAuc(planted, await prune(planted.model, planted.task, { pruner, options, seed }));
}

/** The same of a run that is over. */
export function outcomeAuc({ nodes, edges }: PlantedModel, { graph, scores, evaluation }: Outcome): PlantedAuc {
  const [ofNodes, ofEdges] = bothScores(graph!, scores!);
  return {
    nodes: rocAuc(ofNodes, amongNodes(graph!, nodes)),
    edges: rocAuc(ofEdges, amongEdges(graph!, edges)),
    excess: evaluation.nodes / nodes.length,
  };
}

function bothScores(graph: ModelGraph, scores: NodeMask | EdgeMask): [ArrayLike<number>, ArrayLike<number>] {
  if (!(scores instanceof Float32Array)) {
    // A mask may leave out sites of which nothing stays.
    const flat = [...graph.sites].flatMap(([site, width]) => [...(scores.get(site) ?? new Float32Array(width))]);
    return [flat, Array.from(graph.from, (from, e) => Math.min(flat[from]!, flat[graph.to[e]!]!))];
  }
  const best = new Float32Array(graph.nodeCount).fill(-Infinity);
  scores.forEach((score, e) => {
    for (const node of [graph.from[e]!, graph.to[e]!]) best[node] = Math.max(best[node]!, score);
  });
  return [best, scores];
}
