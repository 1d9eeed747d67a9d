import * as tf from "@tensorflow/tfjs-core";
import {
  crossEntropy,
  forward,
  Parameters,
  type ModelConfig,
  type ParameterName,
  type ParameterStorage,
  type PatternedMatrix,
  SparseMatrix,
} from "@filigree/core";
import type { TrainingBatch } from "./tokens.ts";

/** The trained weights that a step computes with: whole, or at few places. */
export type StepWeights = ReadonlyMap<ParameterName, tf.Tensor | PatternedMatrix>;

/** What stays the same from step to step. */
export interface FixedParts {
  readonly config: ModelConfig;
  readonly bigram: SparseMatrix | undefined;
}

/** What a shard adds to the loss and the gradients of its batch. */
export interface ShardGradients {
  /** Sum of the cross-entropy over the shard's tokens, nats, in double precision and in order. */
  readonly loss: number;
  /** Of the mean loss over the whole batch, with respect to the values of each parameter. */
  readonly gradients: ReadonlyMap<ParameterName, tf.Tensor>;
}

/** Cuts a batch into so many parts of nearly equal size, or fewer where it has fewer sequences. */
export function cutBatch({ ids, targets, batch, seq }: TrainingBatch, parts: number): TrainingBatch[] {
  const count = Math.min(parts, batch);
  return Array.from({ length: count }, (_, i) => {
    const [start, end] = [Math.floor((i * batch) / count), Math.floor(((i + 1) * batch) / count)];
    const part = (values: Int32Array) => values.slice(start * seq, end * seq);
    return { ids: part(ids), targets: part(targets), batch: end - start, seq };
  });
}

/** Losses and gradients of shards, one after the other as they are asked for. @param tokens of the whole batch */
export function* differentiate(
  fixed: FixedParts,
  weights: StepWeights,
  shards: readonly TrainingBatch[],
  tokens: number,
): Generator<ShardGradients> {
  for (const shard of shards) yield differentiateShard(fixed, weights, shard, tokens);
}

function differentiateShard(
  { config, bigram }: FixedParts,
  weights: StepWeights,
  shard: TrainingBatch,
  tokens: number,
): ShardGradients {
  const names = [...weights.keys()];
  const { value, grads } = tf.tidy(() => {
    const targets = tf.tensor1d(shard.targets, "int32");
    const losses = (...given: tf.Tensor[]) => {
      const storage = new Map<ParameterName, ParameterStorage>(bigram ? [["bigram_table", bigram]] : []);
      names.forEach((name, i) => storage.set(name, withValues(weights.get(name)!, given[i]!)));
      return crossEntropy(forward(config, new Parameters(storage), shard), targets);
    };
    const values = names.map((name) => valuesOf(weights.get(name)!));
    return tf.valueAndGrads(losses)(values, tf.fill([shard.ids.length], 1 / tokens));
  });
  const loss = value.dataSync<"float32">().reduce((sum, one) => sum + one, 0);
  value.dispose();
  return { loss, gradients: new Map(names.map((name, i) => [name, grads[i]!])) };
}

/** Adds up what shards give, in their order, and frees it: the order of floating-point sums is part of the result. */
export function addUp(shards: Iterable<ShardGradients>): { loss: number; gradients: Map<ParameterName, tf.Tensor> } {
  let loss = 0;
  const sums = new Map<ParameterName, tf.Tensor>();
  for (const shard of shards) {
    loss += shard.loss;
    for (const [name, gradient] of shard.gradients) {
      const before = sums.get(name);
      sums.set(name, before ? tf.add(before, gradient) : gradient);
      if (before) tf.dispose([before, gradient]);
    }
  }
  return { loss, gradients: sums };
}

/** The numbers of a parameter on the backend. */
export function valuesOf(weights: tf.Tensor | PatternedMatrix): tf.Tensor {
  return "pattern" in weights ? weights.values : weights;
}

function withValues(weights: tf.Tensor | PatternedMatrix, values: tf.Tensor): tf.Tensor | PatternedMatrix {
  return "pattern" in weights ? { pattern: weights.pattern, values: values as tf.Tensor1D } : values;
}

/** Brings a model's fixed parts to the backend. @param bigram the table of pairs [vocabulary, outputs] */
export function placeFixedParts(config: ModelConfig, bigram: Float32Array | undefined): FixedParts {
  if (!bigram) return { config, bigram: undefined };
  const dense = tf.tensor2d(bigram, [config.vocabSize, config.outSize]);
  const sparse = SparseMatrix.fromDense(dense);
  dense.dispose();
  return { config, bigram: sparse };
}
