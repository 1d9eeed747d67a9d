import * as tf from "@tensorflow/tfjs-core";
import {
  adamStep,
  crossEntropy,
  forward,
  keepLargest,
  listParameters,
  Parameters,
  randomStream,
  SparseMatrix,
  sumOfSquares,
  type ModelConfig,
  type ParameterName,
  type ParameterSpec,
  type ParameterValues,
  type Seed,
  type Slot,
} from "@filigree/core";
import type { SparsifiedMatrix } from "@filigree/sparsifiers";
import type { TrainingConfig } from "./config.ts";
import type { TrainingBatch } from "./tokens.ts";

/** What a step did. */
export interface StepReport {
  /** Mean cross-entropy of the batch before the step, nats per token. */
  readonly loss: number;
  readonly rate: number;
  /** Root mean square of the gradient over all trained parameters. */
  readonly gradientRms: number;
  /** Share of block weights that may be nonzero. */
  readonly density: number;
}

/** Everything that a run needs to go on from a step to the same bytes. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  readonly weights: ParameterValues;
  readonly m: ParameterValues;
  readonly v: ParameterValues;
  readonly sparsifier: unknown;
}

/** A model in training: weights and moments on the backend, one step at a time. Free it with `dispose`. */
export class Trainer {
  readonly config: ModelConfig;
  readonly #run: TrainingConfig;
  readonly #bigram: SparseMatrix | undefined;
  readonly #slots: Map<ParameterName, Slot>;
  readonly #specs: readonly ParameterSpec[];
  #sparsifierState: unknown;
  #step: number;

  constructor(run: TrainingConfig, config: ModelConfig, state: TrainerState, bigram: Float32Array | undefined) {
    this.#run = run;
    this.config = config;
    this.#specs = listParameters(config).filter(({ trained }) => trained);
    this.#step = state.step;
    this.#sparsifierState = state.sparsifier;
    const place = (values: ParameterValues, { name, shape }: ParameterSpec) =>
      tf.keep(tf.tensor(values.get(name)!.slice(), shape as number[], "float32"));
    this.#slots = new Map(
      this.#specs.map((spec) => [
        spec.name,
        { weights: place(state.weights, spec), m: place(state.m, spec), v: place(state.v, spec) },
      ]),
    );
    if (bigram) {
      const dense = tf.tensor2d(bigram, [config.vocabSize, config.outSize]);
      this.#bigram = SparseMatrix.fromDense(dense);
      dense.dispose();
    }
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** One step of the optimiser, then of the sparsifier. */
  takeStep(batch: TrainingBatch): StepReport {
    const { optimiser, sparsifier, steps, seed } = this.#run;
    const at = { step: this.#step, steps };
    const { loss, gradients } = this.#differentiate(batch);
    const squares = this.#specs.reduce((sum, { name }) => sum + sumOfSquares(gradients.get(name)!), 0);
    const size = this.#specs.reduce((n, { name }) => n + this.#slots.get(name)!.weights.size, 0);
    const gradientRms = Math.sqrt(squares / size);
    const warmup = Math.min(1, (this.#step + 1) / Math.max(1, optimiser.warmup));
    const decay = 1 - this.#step / steps;
    const rate = optimiser.rate * warmup * decay * sparsifier.plugin.rateFactor(at, sparsifier.options);
    for (const [name, slot] of this.#slots) {
      adamStep(slot, gradients.get(name)!, {
        ...optimiser,
        rate,
        step: this.#step + 1,
        gradientScale: optimiser.gradient === "rms-normalised" ? 1 / (gradientRms + 1e-5) : 1,
      });
    }
    tf.dispose([...gradients.values()]);
    const random = randomStream(seed, `sparsifiers/${sparsifier.plugin.name}/${this.#step}`);
    this.#sparsifierState = sparsifier.plugin.step(
      this.#sparsifierState,
      this.#matrices(),
      { ...at, random },
      sparsifier.options,
    );
    this.#step++;
    return { loss, rate, gradientRms, density: sparsifier.plugin.density(at, sparsifier.options) };
  }

  /** Mean cross-entropy of a batch, nats per token. */
  loss(batch: TrainingBatch): number {
    return tf.tidy(() => {
      const tensors = new Map<ParameterName, tf.Tensor | SparseMatrix>(this.#bigramEntry());
      for (const [name, slot] of this.#slots) tensors.set(name, slot.weights);
      const logits = forward(this.config, new Parameters(tensors), batch);
      return mean(crossEntropy(logits, tf.tensor1d(batch.targets, "int32")));
    });
  }

  /** A copy of all state, off the backend. */
  state(): TrainerState {
    const read = (part: keyof Slot) =>
      new Map([...this.#slots].map(([name, slot]) => [name, slot[part].dataSync<"float32">().slice()]));
    return {
      step: this.#step,
      weights: read("weights"),
      m: read("m"),
      v: read("v"),
      sparsifier: this.#sparsifierState,
    };
  }

  dispose(): void {
    for (const { weights, m, v } of this.#slots.values()) tf.dispose([weights, m, v]);
    this.#bigram?.dispose();
  }

  #differentiate(batch: TrainingBatch): { loss: number; gradients: Map<ParameterName, tf.Tensor> } {
    const names = [...this.#slots.keys()];
    const weights = names.map((name) => this.#slots.get(name)!.weights);
    const tokens = batch.ids.length;
    const { value, grads } = tf.tidy(() => {
      const targets = tf.tensor1d(batch.targets, "int32");
      const losses = (...given: tf.Tensor[]) => {
        const tensors = new Map<ParameterName, tf.Tensor | SparseMatrix>(this.#bigramEntry());
        names.forEach((name, i) => tensors.set(name, given[i]!));
        return crossEntropy(forward(this.config, new Parameters(tensors), batch), targets);
      };
      return tf.valueAndGrads(losses)(weights, tf.fill([tokens], 1 / tokens));
    });
    const loss = mean(value as tf.Tensor1D);
    value.dispose();
    return { loss, gradients: new Map(names.map((name, i) => [name, grads[i]!])) };
  }

  #bigramEntry(): [ParameterName, SparseMatrix][] {
    return this.#bigram ? [["bigram_table", this.#bigram]] : [];
  }

  /** Block matrices, embedding and unembedding as the sparsifier sees them. */
  #matrices(): SparsifiedMatrix[] {
    return this.#specs
      .filter(({ role }) => role === "block" || role === "embedding" || role === "unembedding")
      .map(({ name, role, shape }) => ({
        name,
        role,
        rows: shape[0]!,
        cols: shape[1]!,
        keepLargest: (k) => keepLargest(this.#slots.get(name)!, k),
      }));
  }
}

/**
 * The state of a run before its first step: the given weights, or random ones, N(0, 0.02), narrower where a sublayer
 * writes to the residual stream.
 */
export function initialState(run: TrainingConfig, config: ModelConfig, weights?: ParameterValues): TrainerState {
  const specs = listParameters(config).filter(({ trained }) => trained);
  const zeros = () => new Map(specs.map(({ name, shape }) => [name, new Float32Array(count(shape))]));
  return {
    step: 0,
    weights: new Map(
      specs.map((spec) => [spec.name, weights?.get(spec.name) ?? initialValues(spec, config, run.seed)]),
    ),
    m: zeros(),
    v: zeros(),
    sparsifier: run.sparsifier.plugin.init(run.sparsifier.options),
  };
}

function initialValues({ name, shape, role }: ParameterSpec, config: ModelConfig, seed: Seed): Float32Array {
  const values = new Float32Array(count(shape));
  if (role === "bias" || role === "sink") return values;
  if (role === "gain") return values.fill(1);
  const random = randomStream(seed, `training/init/${name}`);
  const scale = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * config.nLayer) : 0.02;
  return values.map(() => Math.fround(random.normal() * scale));
}

function count(shape: readonly number[]): number {
  return shape.reduce((n, size) => n * size, 1);
}

/** In double precision, in order. */
function mean(losses: tf.Tensor1D): number {
  return losses.dataSync<"float32">().reduce((sum, loss) => sum + loss, 0) / losses.size;
}
