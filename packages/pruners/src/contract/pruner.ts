import {
  InputError,
  type NodeFileEdge,
  type NodeMask,
  type OptionsSchema,
  type RandomStream,
  type SiteName,
} from "@filigree/core";

/** The version of this contract. A pruner says which one it was written for. */
export const PRUNER_API_VERSION = 1;

/**
 * Everything that a pruner may use. Masks and gradients are plain arrays: for each node site one number a channel;
 * gate 1 shows the channel as it is, gate 0 its mean over the training corpus, values between mix the two.
 * The examples are those of the task's dev split; a pruner never sees the test split.
 */
export interface PrunerContext {
  /** The node sites in forward order, each with its number of channels. */
  readonly sites: ReadonlyMap<SiteName, number>;
  /** The task loss, in nats, that the circuit may have on the dev split. */
  readonly target: number;
  /** How many contrast pairs the dev split has. An example without a partner counts as a pair of its own. */
  readonly pairs: number;
  /** Mean task loss of the masked model, in nats, over some pairs, or over the whole dev split. */
  loss(mask: NodeMask, pairs?: readonly number[]): number;
  /** The same loss, and its derivative with respect to every gate. */
  gradient(mask: NodeMask, pairs?: readonly number[]): MaskGradient;
  /** The nonzero weights between nodes whose gates are not 0. */
  edges(mask: NodeMask): readonly NodeFileEdge[];
  /** A random stream of the run's seed. Name it after what it decides, with the step in the name where it has one. */
  random(name: string): RandomStream;
  /** Work allowed and work done, in sequences run forward. A gradient counts three times. */
  readonly budget: { readonly total: number; readonly used: number };
  /** Figures to show with the progress of the current step. */
  log(figures: Readonly<Record<string, number>>): void;
  /** Aborted when the run should end. The run ends between steps by itself; long steps look now and then. */
  readonly signal: AbortSignal;
}

export interface MaskGradient {
  readonly loss: number;
  /** d loss / d gate, for each site that the mask names. */
  readonly gradient: NodeMask;
}

/** What a step hands to the next. */
export interface PrunerStep<State> {
  readonly state: State;
  readonly done: boolean;
  /** Share of the work done so far, 0 to 1, as well as the pruner can tell. */
  readonly progress: number;
}

/**
 * A method that finds which nodes a task needs.
 *
 * The state is plain data, as JSON holds it: it is saved between steps and may be read back on another machine. `step`
 * returns a new state and keeps nothing elsewhere, so that a resumed run and a straight one take the same steps.
 */
export interface Pruner<Options = unknown, State = unknown> {
  /** Lower case words joined by hyphens. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: typeof PRUNER_API_VERSION;
  readonly options: OptionsSchema<Options>;
  init(ctx: PrunerContext, options: Options): State | Promise<State>;
  step(ctx: PrunerContext, options: Options, state: State): PrunerStep<State> | Promise<PrunerStep<State>>;
  /** The circuit: gate 1 for a node that stays, 0 for one that goes. */
  finish(ctx: PrunerContext, options: Options, state: State): NodeMask | Promise<NodeMask>;
}

/** Checks a pruner and freezes it. @throws InputError for another version of the contract, or a part that is missing. */
export function definePruner<Options, State>(pruner: Pruner<Options, State>): Pruner {
  const name = String(pruner.name);
  const fail = (what: string, expected: string): never => {
    throw new InputError({ what, where: `pruner "${name}"`, expected });
  };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u.test(name))
    fail("the name is not usable", "lower case words joined by hyphens");
  if ((pruner.apiVersion as number) !== PRUNER_API_VERSION) {
    fail(`it was written for version ${pruner.apiVersion} of the contract`, `apiVersion: ${PRUNER_API_VERSION}`);
  }
  if (typeof pruner.version !== "string" || pruner.version === "") fail("it has no version", `such as "1.0.0"`);
  if (typeof pruner.options?.["~standard"]?.validate !== "function") {
    fail("its options are no Standard Schema", `an object with "~standard"`);
  }
  for (const hook of ["init", "step", "finish"] as const) {
    if (typeof pruner[hook] !== "function") fail(`it has no ${hook}`, "init, step and finish");
  }
  return Object.freeze({ ...pruner }) as Pruner;
}
