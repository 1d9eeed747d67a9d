import * as tf from "@tensorflow/tfjs-core";
import { circuitCompiler, forward, type CompiledCircuit, type Edit, type Model, type NodeMask } from "@filigree/core";
import { batchExamples, taskLoss, type Example, type ExampleBatch, type Task } from "@filigree/tasks";
import type { MaskGradient } from "../contract/pruner.ts";
import { devPairs } from "./dev-pairs.ts";
import { withMask } from "./mask-tensors.ts";

/** Sequences in one pass. In larger batches more is filled up, smaller ones waste time on small products. */
const BATCH_SIZE = 32;

/** The task loss of the masked model on the dev split, and its gradient. Values only: no tensor goes in or out. */
export class MaskedLoss {
  readonly #model: Model;
  readonly #task: Task;
  readonly #pairs: readonly (readonly Example[])[];
  readonly #whole: readonly ExampleBatch[];
  readonly #compile: (mask: NodeMask) => CompiledCircuit;

  constructor(model: Model, task: Task) {
    this.#model = model;
    this.#task = task;
    this.#pairs = devPairs(task);
    this.#whole = this.#batches(this.#pairs.flat());
    this.#compile = circuitCompiler(model);
  }

  /** Number of contrast pairs. */
  get pairs(): number {
    return this.#pairs.length;
  }

  /** Number of sequences in some pairs, or in all. */
  sequences(pairs?: readonly number[]): number {
    return this.#examples(pairs).length;
  }

  loss(mask: NodeMask, pairs?: readonly number[]): number {
    const circuit = this.#compile(mask);
    return this.#mean(pairs, ({ batch, readout, examples }) =>
      tf.tidy(() => taskLoss(circuit.logits(batch, readout), this.#task, examples).dataSync<"float32">()[0]!),
    );
  }

  gradient(mask: NodeMask, pairs?: readonly number[]): MaskGradient {
    const sums = [...mask.values()].map((gates) => new Float64Array(gates.length));
    const total = this.sequences(pairs);
    const loss = withMask(mask, this.#model.means, ({ gates, edit }) =>
      this.#mean(pairs, (batch) =>
        tf.tidy(() => {
          const run = (...gates: tf.Tensor[]) => this.#batchLoss(batch, edit(gates as tf.Tensor1D[]));
          const { value, grads } = tf.valueAndGrads(run)([...gates]);
          const weight = batch.examples.length / total;
          grads.forEach((grad, index) => {
            const sum = sums[index]!;
            grad.dataSync<"float32">().forEach((slope, c) => (sum[c]! += weight * slope));
          });
          return value.dataSync<"float32">()[0]!;
        }),
      ),
    );
    return { loss, gradient: new Map([...mask.keys()].map((site, index) => [site, Float32Array.from(sums[index]!)])) };
  }

  #batchLoss({ batch, readout, examples }: ExampleBatch, edit: Edit): tf.Scalar {
    const { config, parameters } = this.#model;
    return taskLoss(forward(config, parameters, batch, { edit, readout }), this.#task, examples);
  }

  #mean(pairs: readonly number[] | undefined, lossOf: (batch: ExampleBatch) => number): number {
    const batches = pairs ? this.#batches(this.#examples(pairs)) : this.#whole;
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

  #batches(examples: readonly Example[]): ExampleBatch[] {
    return batchExamples(examples, { causal: this.#model.config.causal, batchSize: BATCH_SIZE });
  }
}
