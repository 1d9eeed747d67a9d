import * as tf from "@tensorflow/tfjs-core";
import type { Model, NodeMask } from "@filigree/core";
import { batchExamples, taskLoss, type Example, type ExampleBatch, type Task } from "@filigree/tasks";
import type { CircuitGates } from "../circuit/circuit.ts";
import { nodesOfEdges, type WeightGraph } from "../circuit/model-graph.ts";
import type { EdgeGradient, EdgeMask, MaskGradient, NormMode } from "../contract/pruner.ts";
import type { Ablation } from "./ablation.ts";
import { CircuitPasses } from "./circuit-passes.ts";
import { devPairs } from "./dev-pairs.ts";
import { MaskedPass } from "./masked-pass.ts";

/** Sequences in one pass. In larger batches more is filled up, smaller ones waste time on small products. */
const BATCH_SIZE = 32;
const MOST_RECENT = 2;

/** The task loss of the masked model on the dev split, and its gradient. Values only: no tensor goes in or out. */
export class MaskedLoss {
  readonly #model: Model;
  readonly #graph: WeightGraph;
  readonly #task: Task;
  readonly #ablation: Ablation;
  readonly #pairs: readonly (readonly Example[])[];
  readonly #whole: readonly ExampleBatch[];
  readonly #passes: CircuitPasses;
  /** Batches of the pairs that were last asked for, by the pairs: who compares circuits asks for the same again. */
  readonly #recent = new Map<string, readonly ExampleBatch[]>();

  constructor(model: Model, graph: WeightGraph, task: Task, ablation: Ablation) {
    this.#model = model;
    this.#graph = graph;
    this.#task = task;
    this.#ablation = ablation;
    this.#pairs = devPairs(task);
    this.#whole = this.#batches(this.#pairs.flat());
    this.#passes = new CircuitPasses(model, () => graph, ablation);
  }

  /** Number of contrast pairs. */
  get pairs(): number {
    return this.#pairs.length;
  }

  /** The examples of the dev split in batches. */
  get batches(): readonly ExampleBatch[] {
    return this.#whole;
  }

  /** Number of sequences in some pairs, or in all. */
  sequences(pairs?: readonly number[]): number {
    return this.#examples(pairs).length;
  }

  loss(mask: NodeMask | EdgeMask, norms: NormMode, pairs?: readonly number[]): number {
    const pass = norms === "frozen" ? this.#pass(mask, norms) : this.#passes.of(this.#gates(mask));
    try {
      return this.#mean(pairs, (batch) => this.#valueOf(pass.logits(batch), batch));
    } finally {
      pass.dispose();
    }
  }

  gradient(mask: NodeMask, norms: NormMode, pairs?: readonly number[]): MaskGradient {
    const sums = [...mask.values()].map((gates) => new Float64Array(gates.length));
    const total = this.sequences(pairs);
    const loss = withPass(this.#pass(mask, norms), (pass) =>
      this.#mean(pairs, (batch) => {
        const [value, slopes] = pass.nodeGradient(batch, this.#lossOf(batch));
        slopes.forEach((slope, i) => addScaled(sums[i]!, slope, batch.examples.length / total));
        return value;
      }),
    );
    return { loss, gradient: new Map([...mask.keys()].map((site, index) => [site, Float32Array.from(sums[index]!)])) };
  }

  edgeGradient(mask: EdgeMask, norms: NormMode, pairs?: readonly number[]): EdgeGradient {
    const sums = new Float64Array(mask.length);
    const total = this.sequences(pairs);
    const work = (pass: MaskedPass) =>
      this.#mean(pairs, (batch) => {
        const [value, slopes] = pass.edgeGradient(batch, this.#lossOf(batch));
        addScaled(sums, slopes, batch.examples.length / total);
        return value;
      });
    return { loss: withPass(this.#pass(mask, norms, true), work), gradient: Float32Array.from(sums) };
  }

  #pass(mask: NodeMask | EdgeMask, norms: NormMode, everyEdge = false): MaskedPass {
    return new MaskedPass(this.#model, this.#graph, this.#gates(mask), this.#ablation, { norms, everyEdge });
  }

  #gates(mask: NodeMask | EdgeMask): CircuitGates {
    return mask instanceof Float32Array ? edgeGates(this.#graph, mask) : { nodes: mask };
  }

  #lossOf({ examples }: ExampleBatch): (logits: tf.Tensor2D) => tf.Scalar {
    return (logits) => taskLoss(logits, this.#task, examples);
  }

  /** The loss of some logits, which are freed. */
  #valueOf(logits: tf.Tensor2D, batch: ExampleBatch): number {
    const loss = this.#lossOf(batch)(logits);
    const [value] = loss.dataSync<"float32">();
    tf.dispose([logits, loss]);
    return value!;
  }

  #mean(pairs: readonly number[] | undefined, lossOf: (batch: ExampleBatch) => number): number {
    const batches = pairs ? this.#batchesOf(pairs) : this.#whole;
    const sum = batches.reduce((sum, batch) => sum + lossOf(batch) * batch.examples.length, 0);
    return sum / this.sequences(pairs);
  }

  #examples(pairs: readonly number[] | undefined): readonly Example[] {
    if (!pairs) return this.#whole.flatMap(({ examples }) => examples);
    return pairs.flatMap((pair) => {
      const examples = this.#pairs[pair];
      if (!examples) throw new RangeError(`There is no pair ${pair}: the dev split has ${this.#pairs.length}.`);
      return examples;
    });
  }

  #batchesOf(pairs: readonly number[]): readonly ExampleBatch[] {
    const key = pairs.join();
    const batches = this.#recent.get(key) ?? this.#batches(this.#examples(pairs));
    this.#recent.delete(key);
    this.#recent.set(key, batches);
    if (this.#recent.size > MOST_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
    return batches;
  }

  #batches(examples: readonly Example[]): ExampleBatch[] {
    return batchExamples(examples, { causal: this.#model.config.causal, batchSize: BATCH_SIZE });
  }
}

/**
 * A node all of whose edges are cut is ablated itself. What leaves or enters it is left alone then, as in a circuit that
 * does not have the node: its own value still takes part in AbsTopK before it is ablated.
 */
function edgeGates(graph: WeightGraph, mask: EdgeMask): CircuitGates {
  const nodes = nodesOfEdges(graph, mask);
  const shown = Float32Array.from([...nodes.values()].flatMap((gates) => [...gates]));
  const between = (e: number) => shown[graph.from[e]!] !== 0 && shown[graph.to[e]!] !== 0;
  return { nodes, edges: mask.map((gate, e) => (between(e) ? gate : 1)) };
}

function withPass<Result>(pass: MaskedPass, work: (pass: MaskedPass) => Result): Result {
  try {
    return work(pass);
  } finally {
    pass.dispose();
  }
}

function addScaled(sums: Float64Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += factor * values[i]!;
}
