import type { NodeFileEdge, NodeMask, OptionsSchema, RandomStream, SiteName } from "@filigree/core";

/** The version of this contract. A pruner says which one it was written for. */
export const PRUNER_API_VERSION = 1;

/** What channels outside a circuit show: the mean over the training corpus, 0, or what another example shows there. */
export type AblationKind = "mean" | "zero" | "resample";

/**
 * Whether norms scale a token by its size in the masked pass (live) or by its size in the whole model's pass over the
 * same prompt (frozen), so that ablating one node does not rescale all others. Frozen scales are constants: no gradient
 * goes through them. Circuits are always measured with live norms.
 */
export type NormMode = "live" | "frozen";

/** How the masked model is run for a loss or a gradient. */
export interface PassOptions {
  /** Live, where left out: as circuits are measured. */
  readonly norms?: NormMode;
}

/** One gate an edge, in the order of {@link ModelGraph}: 1 lets it carry its source, 0 what its source shows ablated. */
export type EdgeMask = Float32Array;

/**
 * The nodes and edges of a model, as numbers. A node is counted through the node sites in forward order, channels
 * ascending; an edge is a nonzero weight between two nodes.
 */
export interface ModelGraph {
  /** The node sites in forward order, each with its number of channels. */
  readonly sites: ReadonlyMap<SiteName, number>;
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Node that edge e leaves, [edgeCount]. */
  readonly from: Uint32Array;
  /** Node that it enters, [edgeCount]: ascending by layer and matrix, and by target within a matrix. */
  readonly to: Uint32Array;
  /** Its weight, [edgeCount]. */
  readonly weight: Float32Array;
}

/** What a site's channels do over the tokens of the dev split. */
export interface ActivationStatistics {
  /** [channels] */
  readonly mean: Float32Array;
  /** Standard deviation, [channels]. */
  readonly deviation: Float32Array;
}

/**
 * Everything that a pruner may use. Masks and gradients are plain arrays. A mask over nodes has for each node site one
 * number a channel: gate 1 shows the channel as it is, gate 0 what ablation shows, values between mix the two. A mask
 * over edges has one number an edge; a node all of whose edges have gate 0 is ablated itself.
 * The examples are those of the task's dev split; a pruner never sees the test split.
 */
export interface PrunerContext {
  /** The node sites in forward order, each with its number of channels. */
  readonly sites: ReadonlyMap<SiteName, number>;
  /** All nodes and edges of the model. */
  readonly graph: ModelGraph;
  readonly ablation: AblationKind;
  /** The task loss, in nats, that the circuit may have on the dev split. */
  readonly target: number;
  /** How many contrast pairs the dev split has. An example without a partner counts as a pair of its own. */
  readonly pairs: number;
  /** Mean task loss of the masked model, in nats, over some pairs, or over the whole dev split. */
  loss(mask: NodeMask | EdgeMask, pairs?: readonly number[], pass?: PassOptions): number;
  /** The same loss, and its derivative with respect to every gate. */
  gradient(mask: NodeMask, pairs?: readonly number[], pass?: PassOptions): MaskGradient;
  gradient(mask: EdgeMask, pairs?: readonly number[], pass?: PassOptions): EdgeGradient;
  /** What the channels of a node site do in the whole model. Costs one pass over the dev split. */
  statistics(site: SiteName): ActivationStatistics;
  /** The nonzero weights between nodes whose gates are not 0. */
  edges(mask: NodeMask): readonly NodeFileEdge[];
  /** A random stream of the run's seed. Name it after what it decides, with the step in the name where it has one. */
  random(name: string): RandomStream;
  /** Work allowed and work done, in sequences run forward. A gradient counts three times; frozen norms count once more. */
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

export interface EdgeGradient {
  readonly loss: number;
  /** d loss / d gate, for each edge. */
  readonly gradient: EdgeMask;
}

/** What a step hands to the next. */
export interface PrunerStep<State> {
  readonly state: State;
  readonly done: boolean;
  /** Share of the work done so far, 0 to 1, as well as the pruner can tell. */
  readonly progress: number;
}

/** Where the values of an option are looked for. On a "log" scale each factor is as likely as any other. */
export interface SearchRange {
  readonly from: number;
  readonly to: number;
  readonly scale: "log" | "linear";
}

/** Ranges of options that are numbers, by name. */
export type SearchRanges<Options> = {
  readonly [Key in keyof Options as Options[Key] extends number | null ? Key : never]?: SearchRange;
};

interface PrunerBase<Options> {
  /** Lower case words joined by hyphens. */
  readonly name: string;
  readonly version: string;
  /** What it does, in one line. */
  readonly about: string;
  readonly apiVersion: typeof PRUNER_API_VERSION;
  readonly options: OptionsSchema<Options>;
  /**
   * The options that a search looks for better values of. A search tries most of them with a ninth of its budget: the
   * pruner must find some circuit with that.
   */
  readonly search?: SearchRanges<NoInfer<Options>>;
}

/**
 * A method that finds which nodes, or which edges, a task needs, step by step.
 *
 * The state is plain data, as JSON holds it: it is saved between steps and may be read back on another machine. `step`
 * returns a new state and keeps nothing elsewhere, so that a resumed run and a straight one take the same steps.
 */
export interface SteppingPruner<Options = unknown, State = unknown> extends PrunerBase<Options> {
  init(ctx: PrunerContext, options: Options): State | Promise<State>;
  step(ctx: PrunerContext, options: Options, state: State): PrunerStep<State> | Promise<PrunerStep<State>>;
  /** The circuit: gate 1 for a node, or an edge, that stays, 0 for one that goes. */
  finish(ctx: PrunerContext, options: Options, state: State): NodeMask | EdgeMask | Promise<NodeMask | EdgeMask>;
}

/**
 * A method that says in one go how much each node, or each edge, matters. The circuit is then the fewest of the highest
 * scores that reach the target, found by bisection.
 */
export interface ScoringPruner<Options = unknown> extends PrunerBase<Options> {
  /** One finite score a node, or an edge: the higher, the more it is needed. Of equal ones the earlier is kept first. */
  score(ctx: PrunerContext, options: Options): NodeMask | EdgeMask | Promise<NodeMask | EdgeMask>;
}

export type Pruner<Options = unknown, State = unknown> = SteppingPruner<Options, State> | ScoringPruner<Options>;
