import { randomStream, seed as seedOf, type Model, type NodeMask } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import type { Circuit } from "../circuit/circuit.ts";
import { openNodes } from "../circuit/mask.ts";
import { nodesOfEdges, openEdges, readGraph, type WeightGraph } from "../circuit/model-graph.ts";
import type { EdgeMask } from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { flatten, maskOf } from "../masking/gate-vector.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { rankingOf } from "../ranking/bisection.ts";
import { clustersOf } from "./bootstrap.ts";
import { wholeCircuit } from "./circuit-variants.ts";
import type { EvaluationSettings } from "./evaluate-circuit.ts";
import { measureFaithfulness, type Faithfulness } from "./faithfulness.ts";
import { exampleFigures } from "./margins.ts";

/** The fractions of all nodes or edges at which a scoring is measured (Mueller et al. 2025). */
export const STANDARD_FRACTIONS: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** The circuit of the highest scores. */
export interface CurvePoint {
  readonly fraction: number;
  /** How many nodes or edges that is, rounded down. */
  readonly count: number;
  readonly faithfulness: Faithfulness;
}

/** How faithful circuits of the highest scores are, from the smallest to the whole model. */
export interface ScoreCurve {
  readonly over: "nodes" | "edges";
  readonly points: readonly CurvePoint[];
  /** Integrated circuit performance ratio: the area under faithfulness over fractions. More is better. */
  readonly cpr: number;
  /** Integrated circuit–model distance: the area between faithfulness and 1. Less is better; 0 is best. */
  readonly cmd: number;
}

export interface CurveSettings extends EvaluationSettings {
  /** Ascending, from above 0 to 1; the standard ones, where left out. */
  readonly fractions?: readonly number[];
  /** Called before each of its measurements. */
  readonly onPoint?: (done: number, total: number) => void | Promise<void>;
}

/**
 * Measures a ranking of nodes or edges on the test split: CPR and CMD of Mueller et al. 2025 (arXiv 2504.13151), with
 * trapezoids between the fractions, as the published evaluation computes them. Faithfulness is that of the margin; of a
 * numeric task, that of the loss.
 *
 * @param scores one a node, or one an edge; the higher, the more needed
 */
export async function measureScoreCurve(
  model: Model,
  task: Task,
  scores: NodeMask | EdgeMask,
  settings: CurveSettings = {},
): Promise<ScoreCurve> {
  const { ablation = "mean", seed = seedOf(0), fractions = STANDARD_FRACTIONS, onPoint } = settings;
  const graph = readGraph(model);
  const examples = task.examples.filter(({ split }) => split === "test");
  const shown = ablationOf(ablation, task, "test", seed);
  const figures = (circuit: Circuit) => exampleFigures(task, examples, maskedOutputs(model, circuit, examples, shown));
  const total = fractions.length + 2;
  await onPoint?.(0, total);
  const whole = figures(wholeCircuit(graph));
  await onPoint?.(1, total);
  const ablated = figures({ nodes: [] });
  const clusters = clustersOf(task, examples);
  const firstOf = circuitsOf(graph, scores);
  const points: CurvePoint[] = [];
  for (const fraction of fractions) {
    await onPoint?.(points.length + 2, total);
    const count = Math.floor(fraction * firstOf.count);
    const part = count === firstOf.count ? whole : figures(firstOf.circuit(count));
    const random = () => randomStream(seed, "pruners/evaluation/bootstrap");
    const faithfulness = measureFaithfulness(part, { whole, ablated }, clusters, random);
    points.push({ fraction, count, faithfulness });
  }
  const values = points.map(({ faithfulness: { margin, loss } }) => (margin ?? loss).estimate);
  return {
    over: firstOf.over,
    points,
    cpr: area(fractions, values),
    cmd: area(
      fractions,
      values.map((value) => Math.abs(1 - value)),
    ),
  };
}

/** The circuits of the highest scores, by size. */
function circuitsOf(graph: WeightGraph, scores: NodeMask | EdgeMask) {
  if (!(scores instanceof Float32Array)) {
    const ranking = rankingOf(flatten(graph.sites, scores));
    const circuit = (count: number): Circuit => ({ nodes: openNodes(maskOf(graph.sites, ranking.slice(0, count))) });
    return { over: "nodes", count: ranking.length, circuit } as const;
  }
  const ranking = rankingOf(scores);
  const circuit = (count: number): Circuit => {
    const mask = new Float32Array(graph.edgeCount);
    for (const edge of ranking.slice(0, count)) mask[edge] = 1;
    return { nodes: openNodes(nodesOfEdges(graph, mask)), edges: openEdges(graph, mask) };
  };
  return { over: "edges", count: ranking.length, circuit } as const;
}

/** Area under straight lines between points. */
function area(xs: readonly number[], ys: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < xs.length; i++) sum += ((xs[i]! - xs[i - 1]!) * (ys[i]! + ys[i - 1]!)) / 2;
  return sum;
}
