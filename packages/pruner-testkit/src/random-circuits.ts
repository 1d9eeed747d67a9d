import { nodeId, randomStream, seed, type Model, type NodeFile } from "@filigree/core";
import { circuitEdges, circuitNodes, evaluateCircuit, type Circuit, type ModelGraph } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";

/** So many random circuits are compared with. */
const DRAWS = 5;

/** The lowest test loss of some random circuits with as many nodes as a found one, or edges where it chose edges. */
export function bestRandomLoss(model: Model, task: Task, graph: ModelGraph, found: NodeFile): number {
  const nodes = circuitNodes(found);
  const ofEdges = found.edges.length < circuitEdges(model, nodes).length;
  const names = [...graph.sites].flatMap(([site, width]) => Array.from({ length: width }, (_, c) => nodeId(site, c)));
  const random = randomStream(seed(0), "pruner-testkit/random-circuits");
  const draw = (): Circuit => {
    if (!ofEdges) return { nodes: random.sample(names, nodes.length) };
    const places = Array.from({ length: graph.edgeCount }, (_, e) => e);
    const edges = random.sample(places, found.edges.length).map((e) => {
      return { from: names[graph.from[e]!]!, to: names[graph.to[e]!]!, weight: graph.weight[e]! };
    });
    return { nodes: [...new Set(edges.flatMap(({ from, to }) => [from, to]))], edges };
  };
  const losses = Array.from({ length: DRAWS }, () => evaluateCircuit(model, task, draw()).uncalibrated.test.loss);
  return Math.min(...losses);
}
