import type { NodeFileEdge, SiteName } from "@filigree/sites";

/**
 * The checked hypothesis: what a `.circuit` file claims about one model on one task, with every
 * name resolved. Plain immutable data that survives JSON.
 */
export interface Hypothesis {
  /** The text after `circuit`; the file's name where there is none. */
  readonly title: string;
  /** As written: a path relative to the file. Empty where the file names none and the caller brought the model. */
  readonly model: string;
  /** As written: a built-in task's name, or a path that starts with `.` or ends in `.jsonl`. */
  readonly task: string;
  readonly settings: Settings;
  /** In the order of the file. */
  readonly claims: readonly Claim[];
}

/** How the checks are run; defaults filled in. */
export interface Settings {
  readonly examples: number;
  readonly donors: number;
  readonly alpha: number;
  readonly seed: number;
  readonly split: "dev" | "test";
}

export type ExpectedVerdict = "supported" | "refuted" | "not supported";

export interface Claim {
  /** The name given by `claim NAME:`, else `claim 3` (counted from 1 over the file's claims). Unique. */
  readonly name: string;
  /** The statement's source on one line, without comments. */
  readonly text: string;
  /** Where the statement begins, counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly expected: ExpectedVerdict;
  /** The thresholds that the author set by `expect`, as written: `transfer >= 40%`. */
  readonly stated: readonly string[];
  readonly statement: Statement;
}

/** Where in a prompt. `first` and `last` (where the answer is read) are names that every task has. */
export type Position =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" };

/** A set of channels of one site at one position. */
export interface SitePart {
  readonly site: SiteName;
  /**
   * Flat channel indices, ascending, channels of a named head already moved to the head's place.
   * For `attn.pattern`, which has no channels, these are heads, and the position is the query row.
   */
  readonly channels: "all" | readonly number[];
  readonly position: Position;
}

/** A part of a circuit at node level: at all positions, at one of the eight prunable sites. */
export interface CircuitPart {
  readonly site: SiteName;
  /** Flat channel indices, ascending. */
  readonly channels: "all" | readonly number[];
}

/** The nodes that a circuit-level claim is about. Each site occurs once, in forward order. */
export interface CircuitNodes {
  readonly nodes: readonly CircuitPart[];
  /** The edges of the node file, where the circuit is exactly one node file. */
  readonly edges?: readonly NodeFileEdge[];
  /** What the author wrote for it: `circuit`, the name of a `let`, or sites. */
  readonly source: string;
}

/** Lower bounds are passed from above (`transfer >= 0.1`), upper bounds from below (`r <= 0.2`). */
export interface CarriesThresholds {
  /** At most. */
  readonly r: number;
  /** At least. */
  readonly transfer: number;
  /** At least: V(NE) - V(EQ), judged where no predicted answer exists. */
  readonly change: number;
}

export interface CopiesThresholds {
  /** At least. */
  readonly transfer: number;
  /** At most. */
  readonly r: number;
  /** At most: V(NE) - V(EQ) of the same path through q and k. */
  readonly control: number;
}

export interface CarriesStatement {
  readonly kind: "carries";
  readonly parts: readonly SitePart[];
  readonly feature: string;
  readonly thresholds: CarriesThresholds;
}

export interface IgnoresStatement {
  readonly kind: "ignores";
  readonly parts: readonly SitePart[];
  readonly feature: string;
  /** At most: V of donors that differ in the feature. */
  readonly thresholds: { readonly V: number };
}

/** The values of the heads move the feature from one position to another: a write to `v` at `from`, for the row `to` only. */
export interface CopiesStatement {
  readonly kind: "copies";
  readonly layer: number;
  readonly heads: "all" | readonly number[];
  readonly feature: string;
  readonly from: Position;
  readonly to: Position;
  readonly thresholds: CopiesThresholds;
}

export interface AttendsStatement {
  readonly kind: "attends";
  readonly layer: number;
  readonly head: number;
  /** The row that looks: `from`. */
  readonly query: Position;
  /** The column that is looked at: `to`. */
  readonly key: Position;
  /** At least: the mean attention from query to key. Always stated by the author. */
  readonly thresholds: { readonly mass: number };
}

export interface SufficientStatement {
  readonly kind: "sufficient";
  readonly circuit: CircuitNodes;
  /** At most: unexplained. */
  readonly thresholds: { readonly U: number };
}

export interface NecessaryStatement {
  readonly kind: "necessary";
  readonly circuit: CircuitNodes;
  /** At least: how much the answers move when the circuit is replaced. */
  readonly thresholds: { readonly V: number };
}

export type Statement =
  CarriesStatement | IgnoresStatement | CopiesStatement | AttendsStatement | SufficientStatement | NecessaryStatement;
