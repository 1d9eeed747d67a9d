import * as tf from "@tensorflow/tfjs-core";
import {
  adamStep,
  listParameters,
  randomStream,
  sumOfSquares,
  type ModelConfig,
  type ParameterName,
  type ParameterSpec,
  type ParameterValues,
  type Seed,
} from "@filigree/core";
import type { StepPosition } from "@filigree/sparsifiers";
import type { ChosenSparsifier } from "./choose-sparsifier.ts";
import type { OptimiserConfig, TrainingConfig } from "./config.ts";
import { addUp, cutBatch, differentiate, placeFixedParts, type FixedParts, type StepWeights } from "./gradients.ts";
import { Sparsifying } from "./sparsifying.ts";
import type { TrainingBatch } from "./tokens.ts";
import { TrainedParameters, type StoredParameters } from "./trained-parameters.ts";
import type { Crew } from "./workers/crew.ts";

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
export interface TrainerState extends StoredParameters {
  /** Steps done. */
  readonly step: number;
  /** As the sparsifier keeps it; undefined before the run begins. */
  readonly sparsifier: unknown;
}

/** What holds from the beginning of a step to its end. */
interface BegunStep {
  /** Weights that the step computes with in the place of the stored ones. */
  readonly replaced: ReadonlyMap<ParameterName, tf.Tensor>;
  /** Whether the sparsifier needs the gradients of weights that are not stored. */
  readonly wantsWhole: boolean;
}

/** A model in training: weights and moments on the backend, one step at a time. Free it with `dispose`. */
export class Trainer {
  readonly config: ModelConfig;
  readonly #run: TrainingConfig;
  /** What every step computes with beside the trained weights. */
  readonly fixed: FixedParts;
  readonly #parameters: TrainedParameters;
  readonly #sparsifying: Sparsifying;
  #step: number;
  #finishedNow: ReadonlyMap<ParameterName, tf.Tensor> | undefined;

  constructor(
    run: TrainingConfig,
    sparsifier: ChosenSparsifier,
    config: ModelConfig,
    state: TrainerState,
    bigram: Float32Array | undefined,
  ) {
    this.#run = run;
    this.config = config;
    this.#step = state.step;
    const specs = listParameters(config).filter(({ trained }) => trained);
    this.#parameters = new TrainedParameters(specs, sparsifier.plugin.storage, state);
    try {
      this.#sparsifying = new Sparsifying(sparsifier, run.seed, this.#parameters, this.#at, state.sparsifier);
    } catch (error) {
      this.#parameters.dispose();
      throw error;
    }
    this.fixed = placeFixedParts(config, bigram);
  }

  get #at(): StepPosition {
    return { step: this.#step, steps: this.#run.steps };
  }

  /** Weights that differ from the trained ones in checkpoints and held-out losses; good until the next step. */
  get #finished(): ReadonlyMap<ParameterName, tf.Tensor> {
    this.#finishedNow ??= this.#sparsifying.finish(this.#at);
    return this.#finishedNow;
  }

  #release(): void {
    tf.dispose([...(this.#finishedNow?.values() ?? [])]);
    this.#finishedNow = undefined;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** One step of the optimiser, then of the sparsifier. */
  takeStep(batch: TrainingBatch): StepReport {
    const begun = this.#beginStep();
    try {
      const shards = cutBatch(batch, this.#run.shards);
      const sums = addUp(differentiate(this.fixed, this.#stepWeights(begun), shards, batch.ids.length));
      return this.#finishStep(begun, sums, batch.ids.length);
    } finally {
      tf.dispose([...begun.replaced.values()]);
    }
  }

  /** The same step to the bit, with its shards spread over threads. */
  async takeStepWith(crew: Crew, batch: TrainingBatch): Promise<StepReport> {
    const begun = this.#beginStep();
    try {
      const shards = cutBatch(batch, this.#run.shards);
      const sums = addUp(await crew.differentiate(this.#stepWeights(begun), shards));
      return this.#finishStep(begun, sums, batch.ids.length);
    } finally {
      tf.dispose([...begun.replaced.values()]);
    }
  }

  #beginStep(): BegunStep {
    this.#release();
    const wantsWhole = this.#sparsifying.wantsGradients(this.#at);
    const replaced = wantsWhole ? this.#parameters.whole() : this.#sparsifying.forward(this.#at);
    return { replaced, wantsWhole };
  }

  /** Frees the gradients. */
  #finishStep(
    { wantsWhole }: BegunStep,
    { loss, gradients }: { readonly loss: number; readonly gradients: Map<ParameterName, tf.Tensor> },
    tokens: number,
  ): StepReport {
    const at = this.#at;
    let whole: ReadonlyMap<ParameterName, tf.Tensor> = new Map();
    try {
      this.#sparsifying.backward(at, gradients);
      if (wantsWhole) whole = this.#takeStoredParts(gradients);
      const { rate, gradientRms } = this.#optimise(gradients);
      this.#sparsifying.step(at, whole);
      const { weightDecay } = this.#run.optimiser;
      if (weightDecay > 0) this.#parameters.scaleMatrices(1 - weightDecay * rate);
      this.#step++;
      return { loss: loss / tokens, rate, gradientRms, density: this.#sparsifying.density(at) };
    } finally {
      tf.dispose([...gradients.values(), ...whole.values()]);
    }
  }

  #optimise(gradients: ReadonlyMap<ParameterName, tf.Tensor>): Pick<StepReport, "rate" | "gradientRms"> {
    const { optimiser, steps } = this.#run;
    const squares = [...gradients.values()].reduce((sum, gradient) => sum + sumOfSquares(gradient), 0);
    const gradientRms = Math.sqrt(squares / this.#parameters.size);
    const warmup = Math.min(1, (this.#step + 1) / Math.max(1, optimiser.warmup));
    const decay = 1 - this.#step / steps;
    const rate = optimiser.rate * warmup * decay * this.#sparsifying.rateFactor(this.#at);
    for (const [name, gradient] of gradients) {
      adamStep(this.#parameters.slot(name), gradient, {
        ...optimiser,
        rate,
        step: this.#step + 1,
        gradientScale: gradientScale(optimiser.gradient, gradientRms),
      });
    }
    return { rate, gradientRms };
  }

  /** The weights of a checkpoint: the trained ones, or what the sparsifier makes of them. */
  values(): ParameterValues {
    const finished = [...this.#finished].map(([name, tensor]): [ParameterName, Float32Array] => {
      return [name, tensor.dataSync<"float32">().slice()];
    });
    return new Map([...this.#parameters.values(), ...finished]);
  }

  /** A copy of all state, off the backend. */
  state(): TrainerState {
    return {
      step: this.#step,
      ...this.#parameters.state(),
      sparsifier: structuredClone(this.#sparsifying.state),
    };
  }

  dispose(): void {
    this.#release();
    this.#parameters.dispose();
    this.fixed.bigram?.dispose();
  }

  #stepWeights({ replaced }: BegunStep): StepWeights {
    return new Map(
      this.#parameters.specs.map(({ name }) => {
        const values = replaced.get(name) ?? this.#parameters.slot(name).weights;
        return [name, this.#parameters.storage(name, values)];
      }),
    );
  }

  /** Replaces gradients of whole matrices by what belongs to their stored weights, and returns the former. */
  #takeStoredParts(gradients: Map<ParameterName, tf.Tensor>): Map<ParameterName, tf.Tensor> {
    const whole = new Map<ParameterName, tf.Tensor>();
    for (const name of this.#parameters.nonzeros.keys()) {
      const gradient = gradients.get(name)!;
      whole.set(name, gradient);
      gradients.set(name, this.#parameters.storedPart(name, gradient));
    }
    return whole;
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
    indices: new Map(),
    sparsifier: undefined,
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

/** Factor on the gradients of a step for the root mean square over all of them. */
function gradientScale(kind: OptimiserConfig["gradient"], rms: number): number {
  if (kind === "rms-normalised") return 1 / (rms + 1e-5);
  return kind === "rms-clipped" ? 1 / Math.max(1, rms) : 1;
}

function count(shape: readonly number[]): number {
  return shape.reduce((n, size) => n * size, 1);
}
