import type { NodeFile } from "@filigree/sites";

/** The sizes of a model that names in a hypothesis are checked against. */
export interface ModelShape {
  readonly nLayer: number;
  readonly nHead: number;
  readonly dHead: number;
  readonly dModel: number;
  readonly dMlp: number;
  /** Channels that sublayers read beside the residual stream: concatenated positions. None where left out. */
  readonly dPos?: number;
}

/** The names that a task brings. */
export interface TaskNames {
  readonly features: readonly TaskFeature[];
  /** Beside these, `first`, `last` and `all` always exist. */
  readonly positions: readonly string[];
}

export interface TaskFeature {
  readonly name: string;
  readonly nuisance: boolean;
  /** The position where the prompt shows the feature. */
  readonly anchor?: string;
}

/** What a hypothesis is checked against. What is missing is not checked. */
export interface Environment {
  readonly shape?: ModelShape;
  readonly task?: TaskNames;
  /** Reads the node file at a path as written in the circuit. An InputError becomes a located diagnostic. */
  readonly nodeFile?: (path: string) => NodeFile;
}
