import type { OptionsSchema, ParameterRole, RandomStream } from "@filigree/core";

/** The version of this contract. A plugin made for another one is refused. */
export const SPARSIFIER_API_VERSION = 1;

/** What a sparsifier knows of every matrix. Values are row-major, [rows, cols]; index i is row ⌊i / cols⌋. */
export interface Matrix {
  readonly name: string;
  readonly role: ParameterRole;
  readonly rows: number;
  readonly cols: number;
  /**
   * Whether the weights of one neuron or attention channel are a row (those it reads by) or a column (those it writes
   * by). Embeddings have neither.
   */
  readonly neurons: "rows" | "columns" | undefined;
}

/** A matrix of which every weight is stored. */
export interface DenseMatrix extends Matrix {
  /**
   * Zeroes all but the k weights of largest magnitude; ties go to the lower index. With `leastPerNeuron` = j, the j
   * largest of each neuron are among the k. Returns how many stayed.
   */
  keepLargest(k: number, leastPerNeuron?: number): number;
  /** A copy of the weights. */
  values(): Float32Array;
  setValues(values: Float32Array): void;
}

/** A matrix of which only some weights are stored and trained. The others are 0 and cost nothing. */
export interface NonzeroMatrix extends Matrix {
  /** How many weights are stored. */
  readonly nonzeros: number;
  /** Where they are, ascending. */
  indices(): Int32Array;
  /** A copy of the stored weights, in the order of `indices`. */
  values(): Float32Array;
  setValues(values: Float32Array): void;
  /** Stores these weights only. Those stored before keep their values and moments; others start at 0. */
  keepOnly(indices: Int32Array): void;
  /** Stops storing the k of smallest magnitude; of equal ones, those of higher index. */
  dropSmallest(k: number): void;
  /** Stores these weights too, from now on, with the given values or 0. They must not be stored already. */
  grow(indices: Int32Array, values?: Float32Array): void;
  /**
   * Stores, from now on and with value 0, the k weights whose loss gradient is largest among those not stored; ties go
   * to the lower index. Only in a step for which {@link NonzeroSparsifier.wantsGradients} was true.
   */
  growLargestGradients(k: number): void;
}

/** Where in the run a step is. */
export interface StepPosition {
  /** Counts from 0. */
  readonly step: number;
  /** Steps that the run's schedules are laid out for. */
  readonly steps: number;
}

/** What a hook may use. */
export interface SparsifierContext extends StepPosition {
  /**
   * A random stream of the run's seed, the plugin and the step. Asked for twice by one name in one step, it begins
   * again, so that two hooks of a step can draw the same numbers.
   */
  random(name: string): RandomStream;
}

/** What hooks over all matrices may use. */
export interface MatricesContext<M extends Matrix> extends SparsifierContext {
  /** The attention and MLP matrices, the embedding and the unembedding. */
  readonly matrices: readonly M[];
}

/** The same where every weight is stored. */
export interface DenseContext extends MatricesContext<DenseMatrix> {
  /** The bias vectors, each as one column. */
  readonly biases: readonly DenseMatrix[];
}

interface Common<Options, State, Context> {
  /** Lower case words joined by hyphens. */
  readonly name: string;
  readonly version: string;
  /** What it does, in a few words: for lists. */
  readonly about: string;
  readonly apiVersion: typeof SPARSIFIER_API_VERSION;
  readonly options: OptionsSchema<Options>;
  /**
   * Called once, before the first step of a run that is not resumed. The state is plain data, as JSON holds it, with
   * Float32Arrays anywhere in it. It is stored with every checkpoint and read back to the same bits. Hooks change it in
   * place and keep nothing elsewhere.
   */
  init(ctx: Context, options: Options): State;
  /** Called after each step of the optimiser. */
  step(ctx: Context, options: Options, state: State): void;
  /** Factor on the learning rate of a step; 1 if absent. */
  rateFactor?(at: StepPosition, options: Options): number;
  /** Share of the attention and MLP weights that may be nonzero after a step: for progress and metrics. */
  density(at: StepPosition, options: Options, state: State): number;
}

/** A sparsifier that has every weight stored and every gradient computed. */
export interface DenseSparsifier<Options = unknown, State = unknown> extends Common<Options, State, DenseContext> {
  readonly storage: "dense";
  /** The weights that a step computes with, where they are not the stored ones. */
  forward?(ctx: SparsifierContext, options: Options, state: State, matrix: DenseMatrix): Float32Array;
  /**
   * Called between the backward pass and the optimiser's step with the gradient with respect to the weights of
   * `forward`. Returns the one with respect to the stored weights. Gates are learned here.
   */
  backward?(
    ctx: SparsifierContext,
    options: Options,
    state: State,
    matrix: DenseMatrix,
    gradient: Float32Array,
  ): Float32Array;
  /** The weights of checkpoints and of held-out losses, where they are not the stored ones. Changes nothing. */
  finish?(ctx: SparsifierContext, options: Options, state: State, matrix: DenseMatrix): Float32Array;
}

/**
 * A sparsifier under which only nonzeros are stored, so that a step costs what they cost. Each matrix comes to `init`
 * with all its weights; `init` chooses which of them are stored at first.
 */
export interface NonzeroSparsifier<Options = unknown, State = unknown> extends Common<
  Options,
  State,
  MatricesContext<NonzeroMatrix>
> {
  readonly storage: "nonzeros";
  /** Whether a step needs the gradients of the weights that are not stored. Never, if absent. */
  wantsGradients?(at: StepPosition, options: Options): boolean;
}

/** Says which weights may be nonzero at each step of a training run, and how the learning rate follows. */
export type Sparsifier<Options = unknown, State = unknown> =
  DenseSparsifier<Options, State> | NonzeroSparsifier<Options, State>;
