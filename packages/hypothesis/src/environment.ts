import type { NodeFile } from "@filigree/sites";
import type { ValueType } from "./hypothesis.ts";

/** The sizes of a model that names in a hypothesis are checked against. */
export interface ModelShape {
  readonly nLayer: number;
  readonly nHead: number;
  readonly dHead: number;
  readonly dModel: number;
  readonly dMlp: number;
  /** Channels that sublayers read beside the residual stream: concatenated positions. None where left out. */
  readonly dPos?: number;
  /** Whether a token sees only tokens before it. Taken to be so where left out. */
  readonly causal?: boolean;
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
  /** The type of its values; `int` are whole numbers. Where left out, expressions may take it for any. */
  readonly type?: ExpressionType;
}

/** The types of expressions. */
export type ExpressionType = "int" | ValueType;

/** A text that a `.circuit` file imports. */
export interface ImportedFile {
  /** What tells it from other files and what diagnostics call it: a path, however it was written. */
  readonly file: string;
  readonly text: string;
}

/** What a hypothesis is checked against. What is missing is not checked. */
export interface Environment {
  readonly shape?: ModelShape;
  readonly task?: TaskNames;
  /**
   * Reads the node file at a path as written in the circuit file `from`. An InputError becomes a located diagnostic.
   */
  readonly nodeFile?: (path: string, from: string) => NodeFile;
  /** Reads the `.circuit` file at a path as written in the circuit file `from`. An InputError as above. */
  readonly circuitFile?: (path: string, from: string) => ImportedFile;
}
