import * as tf from "@tensorflow/tfjs-core";
import { pluginFault, pluginId, randomStream, type ParameterName, type Seed } from "@filigree/core";
import {
  SPARSIFIERS,
  SparsifierError,
  type DenseMatrix,
  type Sparsifier,
  type SparsifierContext,
  type StepPosition,
} from "@filigree/sparsifiers";
import type { ChosenSparsifier } from "./choose-sparsifier.ts";
import { denseMatrix } from "./dense-matrices.ts";
import type { NonzeroWeights } from "./nonzero-weights.ts";
import { packState } from "./plugin-state.ts";
import type { TrainedParameters } from "./trained-parameters.ts";

/** A sparsifier at work on the parameters of a run: calls its hooks and reports what they throw as its own error. */
export class Sparsifying {
  readonly id: string;
  readonly #plugin: Sparsifier;
  readonly #options: unknown;
  readonly #seed: Seed;
  readonly #matrices: readonly DenseMatrix[];
  readonly #biases: readonly DenseMatrix[];
  readonly #nonzeros: readonly NonzeroWeights[];
  #state: unknown;

  /** @param state of a run that goes on; undefined: the run begins */
  constructor(
    { plugin, options }: ChosenSparsifier,
    seed: Seed,
    parameters: TrainedParameters,
    at: StepPosition,
    state: unknown,
  ) {
    this.#plugin = plugin;
    this.#options = options;
    this.#seed = seed;
    this.id = pluginId(plugin);
    const { specs, slots } = parameters;
    const withRoles = (...roles: string[]) =>
      specs
        .filter(({ role, name }) => roles.includes(role) && slots.has(name))
        .map((spec) => denseMatrix(spec, slots.get(spec.name)!));
    this.#matrices = withRoles("block", "embedding", "unembedding");
    this.#biases = withRoles("bias");
    this.#nonzeros = [...parameters.nonzeros.values()];
    this.#state = state === undefined ? this.#hook("init", () => this.#init(at)) : state;
    // A state that cannot be stored is refused at once, not after the steps up to the first checkpoint.
    if (state === undefined) packState(this.#state, this.id);
    this.#settle();
  }

  /** What the sparsifier would go on from. */
  get state(): unknown {
    return this.#state;
  }

  rateFactor(at: StepPosition): number {
    return this.#hook("rateFactor", () => this.#plugin.rateFactor?.(at, this.#options) ?? 1);
  }

  density(at: StepPosition): number {
    return this.#hook("density", () => this.#plugin.density(at, this.#options, this.#state));
  }

  /** The weights that a step computes with where they are not the stored ones. The caller disposes of them. */
  forward(at: StepPosition): Map<ParameterName, tf.Tensor> {
    const forward = this.#plugin.storage === "dense" ? this.#plugin.forward : undefined;
    return forward ? this.#transform("forward", at, forward) : new Map();
  }

  /** Replaces the gradients of a step's weights by those of the stored ones. */
  backward(at: StepPosition, gradients: Map<ParameterName, tf.Tensor>): void {
    const backward = this.#plugin.storage === "dense" ? this.#plugin.backward : undefined;
    if (!backward) return;
    const replaced = this.#transform("backward", at, (ctx, options, state, matrix) =>
      backward(ctx, options, state, matrix, gradients.get(matrix.name)!.dataSync<"float32">().slice()),
    );
    for (const [name, gradient] of replaced) {
      gradients.get(name)!.dispose();
      gradients.set(name, gradient);
    }
  }

  /** Whether a step needs the gradients of weights that are not stored. */
  wantsGradients(at: StepPosition): boolean {
    const plugin = this.#plugin;
    if (plugin.storage === "dense") return false;
    return this.#hook("wantsGradients", () => plugin.wantsGradients?.(at, this.#options) ?? false);
  }

  /** @param whole gradients of whole matrices, in a step that needs them */
  step(at: StepPosition, whole: ReadonlyMap<ParameterName, tf.Tensor>): void {
    const plugin = this.#plugin;
    if (plugin.storage === "dense") {
      this.#hook("step", () => plugin.step(this.#denseContext(at, at.step), this.#options, this.#state));
      return;
    }
    for (const matrix of this.#nonzeros) matrix.showGradient(whole.get(matrix.name));
    this.#hook("step", () => plugin.step(this.#nonzeroContext(at, at.step), this.#options, this.#state));
    for (const matrix of this.#nonzeros) matrix.showGradient(undefined);
    this.#settle();
  }

  /** The weights of a checkpoint where they are not the stored ones. The caller disposes of them. */
  finish(at: StepPosition): Map<ParameterName, tf.Tensor> {
    const finish = this.#plugin.storage === "dense" ? this.#plugin.finish : undefined;
    return finish ? this.#transform("finish", at, finish) : new Map();
  }

  #init(at: StepPosition): unknown {
    const plugin = this.#plugin;
    return plugin.storage === "dense"
      ? plugin.init(this.#denseContext(at, "init"), this.#options)
      : plugin.init(this.#nonzeroContext(at, "init"), this.#options);
  }

  /** Brings to the backend what a hook changed. */
  #settle(): void {
    for (const matrix of this.#nonzeros) matrix.settle();
  }

  /** Runs a hook that gives one array of numbers for each matrix. */
  #transform(
    name: string,
    at: StepPosition,
    hook: (ctx: SparsifierContext, options: unknown, state: unknown, matrix: DenseMatrix) => Float32Array,
  ): Map<ParameterName, tf.Tensor> {
    const ctx = this.#context(at, at.step);
    const results = new Map<ParameterName, tf.Tensor>();
    try {
      for (const matrix of this.#matrices) {
        const values = this.#hook(name, () => hook(ctx, this.#options, this.#state, matrix));
        const size = matrix.rows * matrix.cols;
        if (!(values instanceof Float32Array) || values.length !== size) {
          throw new SparsifierError(this.id, `gives in ${name} for ${matrix.name} no Float32Array of ${size} numbers.`);
        }
        results.set(matrix.name, tf.tensor(values, [matrix.rows, matrix.cols], "float32"));
      }
    } catch (error) {
      tf.dispose([...results.values()]);
      throw error;
    }
    return results;
  }

  #denseContext(at: StepPosition, moment: number | "init") {
    return { ...this.#context(at, moment), matrices: this.#matrices, biases: this.#biases };
  }

  #nonzeroContext(at: StepPosition, moment: number | "init") {
    return { ...this.#context(at, moment), matrices: this.#nonzeros };
  }

  #context({ step, steps }: StepPosition, moment: number | "init"): SparsifierContext {
    return {
      step,
      steps,
      random: (name) => randomStream(this.#seed, `sparsifiers/${this.#plugin.name}/${moment}/${name}`),
    };
  }

  #hook<Result>(name: string, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw pluginFault(SPARSIFIERS, this.id, `failed in ${name}`, error);
    }
  }
}
