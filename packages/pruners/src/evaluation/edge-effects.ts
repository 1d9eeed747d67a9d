import * as tf from "@tensorflow/tfjs-core";
import { randomStream, type Model, type NodeFileEdge, type Seed } from "@filigree/core";
import { batchExamples, taskLoss, type Example, type ExampleBatch, type Task } from "@filigree/tasks";
import { gatesOf, type Circuit } from "../circuit/circuit.ts";
import { nodeNames, type WeightGraph } from "../circuit/model-graph.ts";
import type { Ablation } from "../masking/ablation.ts";
import { CircuitPasses, type CircuitPass } from "../masking/circuit-passes.ts";
import { MaskedPass } from "../masking/masked-pass.ts";
import { pearson, spearman } from "./correlation.ts";

/** What cutting one edge of a circuit does to the task loss, in nats; positive where the circuit gets worse. */
export interface EdgeEffect extends NodeFileEdge {
  /** To first order: minus the loss's derivative with respect to the edge's gate. */
  readonly predicted: number;
  /** By cutting it. */
  readonly effect: number;
}

export interface EdgeEffects {
  /** The edges that were cut, each alone, in forward order. */
  readonly edges: readonly EdgeEffect[];
  /** How many the circuit has. */
  readonly of: number;
  /** Correlation of prediction and effect, and of their ranks. NaN for fewer than three edges, or where all are equal. */
  readonly pearson: number;
  readonly spearman: number;
  /** Number of examples. */
  readonly n: number;
}

export interface EdgeEffectSettings {
  readonly seed: Seed;
  /** At most so many edges are cut, drawn at random. */
  readonly most: number;
  /** Called before each cut, between two passes. */
  readonly onCut?: () => void | Promise<void>;
}

/** Prefers small batches, as other passes with gates do. */
const BATCH_SIZE = 32;

/** Compares what the gradient says of a circuit's edges with what cutting each of them alone does. */
export async function measureEdgeEffects(
  model: Model,
  graph: WeightGraph,
  task: Task,
  circuit: Circuit,
  examples: readonly Example[],
  ablation: Ablation,
  { seed, most, onCut }: EdgeEffectSettings,
): Promise<EdgeEffects> {
  const kept = new Set(circuit.nodes);
  const { nodes, edges = new Float32Array(graph.edgeCount).fill(1) } = gatesOf(model.config, graph, circuit);
  const batches = batchExamples(examples, { causal: model.config.causal, batchSize: BATCH_SIZE });
  const mean = (valueOf: (batch: ExampleBatch) => number) =>
    batches.reduce((sum, batch) => sum + valueOf(batch) * batch.examples.length, 0) / examples.length;
  const using = <Pass extends CircuitPass, Result>(pass: Pass, work: (pass: Pass) => Result): Result => {
    try {
      return work(pass);
    } finally {
      pass.dispose();
    }
  };
  const names = nodeNames(graph);
  const belongs = (e: number) => edges[e] !== 0 && kept.has(names[graph.from[e]!]!) && kept.has(names[graph.to[e]!]!);
  const own = Array.from({ length: graph.edgeCount }, (_, e) => e).filter(belongs);
  const chosen = randomStream(seed, "pruners/evaluation/edges").sample(own, most);
  chosen.sort((a, b) => a - b);
  const slopes = new Float64Array(graph.edgeCount);
  const measureSlopes = (pass: MaskedPass) =>
    mean((batch) => {
      const [loss, gradient] = pass.edgeGradient(batch, (logits) => taskLoss(logits, task, batch.examples));
      gradient.forEach((slope, e) => (slopes[e]! += (slope * batch.examples.length) / examples.length));
      return loss;
    });
  const base =
    chosen.length === 0
      ? NaN
      : using(new MaskedPass(model, graph, { nodes, edges }, ablation, { everyEdge: true }), measureSlopes);
  const effects: EdgeEffect[] = [];
  const passes = new CircuitPasses(model, () => graph, ablation);
  for (const e of chosen) {
    await onCut?.();
    const cut = edges.slice();
    cut[e] = 0;
    const lossOfPass = (pass: CircuitPass) => mean((batch) => lossOf(pass.logits(batch), task, batch));
    const loss = using(passes.of({ nodes, edges: cut }), lossOfPass);
    const [from, to] = [names[graph.from[e]!]!, names[graph.to[e]!]!];
    effects.push({ from, to, weight: graph.weight[e]!, predicted: -slopes[e]!, effect: loss - base });
  }
  const [predicted, measured] = [effects.map(({ predicted }) => predicted), effects.map(({ effect }) => effect)];
  return {
    edges: effects,
    of: own.length,
    pearson: pearson(predicted, measured),
    spearman: spearman(predicted, measured),
    n: examples.length,
  };
}

/** The loss of some logits, which are freed. */
function lossOf(logits: tf.Tensor2D, task: Task, { examples }: ExampleBatch): number {
  const loss = taskLoss(logits, task, examples);
  const [value] = loss.dataSync<"float32">();
  tf.dispose([logits, loss]);
  return value!;
}
