import { InputError, type ParameterRole, type RandomStream } from "@filigree/core";

/** The version of this contract. A plugin made for another one is refused. */
export const SPARSIFIER_API_VERSION = 1;

/** One weight matrix as a sparsifier sees it. No tensor type: a plugin works in terms of what stays. */
export interface SparsifiedMatrix {
  readonly name: string;
  readonly role: ParameterRole;
  readonly rows: number;
  readonly cols: number;
  /** Zeroes all but the k weights of largest magnitude; ties go to the lower index. Returns how many stayed. */
  keepLargest(k: number): number;
}

/** Where in the run a step is. */
export interface SparsifierStep {
  /** Counts from 0. */
  readonly step: number;
  readonly steps: number;
  /** Depends on the run's seed, the sparsifier's name and the step only. */
  readonly random: RandomStream;
}

/** Says which weights may be nonzero at each step of a training run, and how the learning rate follows. */
export interface Sparsifier<Options = unknown, State = unknown> {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: typeof SPARSIFIER_API_VERSION;
  /** Checks options as they come from a config file and fills in defaults. Throws InputError. */
  parseOptions(given: unknown, where: string): Options;
  /** State is plain data: it is stored in checkpoints. */
  init(options: Options): State;
  /** Called after each optimiser step, on every embedding and block matrix. Returns the next state. */
  step(state: State, matrices: readonly SparsifiedMatrix[], at: SparsifierStep, options: Options): State;
  /** Factor on the learning rate at a step. */
  rateFactor(at: { step: number; steps: number }, options: Options): number;
  /** Share of block weights that may be nonzero at a step: for progress and metrics. */
  density(at: { step: number; steps: number }, options: Options): number;
}

/** Checks and freezes a sparsifier. @throws InputError for another contract version or a nameless plugin. */
export function defineSparsifier<Options, State>(sparsifier: Sparsifier<Options, State>): Sparsifier<Options, State> {
  if (sparsifier.apiVersion !== SPARSIFIER_API_VERSION) {
    throw new InputError({
      what: `the sparsifier "${sparsifier.name}" is made for contract version ${String(sparsifier.apiVersion)}`,
      expected: `version ${SPARSIFIER_API_VERSION}`,
      hint: "install a release of the sparsifier for this version of Filigree",
    });
  }
  if (!sparsifier.name) throw new InputError({ what: "a sparsifier has no name" });
  return Object.freeze(sparsifier);
}
