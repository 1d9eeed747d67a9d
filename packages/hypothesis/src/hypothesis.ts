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
  /** Features and positions that the file defines, in an order in which each needs only earlier ones and the task's. */
  readonly features: readonly FeatureDefinition[];
  readonly positions: readonly PositionDefinition[];
  /** Names of the task's features that the file marks as ones that should not matter. */
  readonly nuisances: readonly string[];
  /** In the order of the file, those of rivals included. */
  readonly claims: readonly Claim[];
}

/** A function of one example, written in the file. */
export interface FeatureDefinition {
  readonly name: string;
  readonly nuisance: boolean;
  readonly expression: Expression;
  /** The position where the prompt shows it, where the author says so. */
  readonly anchor?: string;
}

/** A place of each example, written in the file. An example without it lacks the position. */
export interface PositionDefinition {
  readonly name: string;
  readonly rule: PositionRule;
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
  /** The title of the rival hypothesis that claims it; absent for the file's own claims. */
  readonly rival?: string;
  /** Only examples of which this is true are references. Donors of the scale are never restricted. */
  readonly when?: Expression;
  /** Roles need not sit at the same index in reference and donor. */
  readonly anyIndex: boolean;
  /** The scales of norms stay as in the clean run. */
  readonly normsHeld: boolean;
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
  /** At most: what everything else transfers with the path held. Judged for `alone`. */
  readonly rest: number;
}

export interface CarriesStatement {
  readonly kind: "carries";
  readonly parts: readonly SitePart[];
  readonly feature: string;
  /** `carries at most f`: values of f that predict one answer need not be told apart. */
  readonly atMost: boolean;
  readonly thresholds: CarriesThresholds;
}

/** The change half of `carries`: the site depends on the feature, and perhaps on more. */
export interface ContainsStatement {
  readonly kind: "contains";
  readonly parts: readonly SitePart[];
  readonly feature: string;
  readonly thresholds: Pick<CarriesThresholds, "transfer" | "change">;
}

/** An input of `computes`: sites, and the feature by which their datum is drawn; without one they keep the parent's. */
export interface ComputesInput {
  readonly parts: readonly SitePart[];
  readonly feature?: string;
}

/** S works out the feature from the inputs, and from nothing else. */
export interface ComputesStatement {
  readonly kind: "computes";
  readonly parts: readonly SitePart[];
  readonly feature: string;
  readonly inputs: readonly ComputesInput[];
  /** r at most; V at least: how much inputs that flip the feature change S's own values. */
  readonly thresholds: { readonly r: number; readonly V: number };
}

/** S is an affine function of the expression, fitted on one half of the examples and judged on the other. */
export interface EqualsStatement {
  readonly kind: "equals";
  readonly parts: readonly SitePart[];
  readonly expression: Expression;
  /** At most. */
  readonly thresholds: { readonly r: number };
}

/** `A affects B` (V at least) and `A does not affect B [except through C]` (V at most). */
export interface AffectsStatement {
  readonly kind: "affects" | "does not affect";
  readonly from: readonly SitePart[];
  /** `logits` is the site of that name, at the answer position. */
  readonly to: readonly SitePart[];
  /** Held as in the clean run while A is swapped. Empty for `affects`. */
  readonly through: readonly SitePart[];
  /** V on B's own values. */
  readonly thresholds: { readonly V: number };
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
  /** With this path held, everything else moves (almost) nothing. */
  readonly alone: boolean;
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

/** Subsets of the circuit removed from model and circuit alike leave answers that differ by no more than the gap. */
export interface CompleteStatement {
  readonly kind: "complete";
  readonly circuit: CircuitNodes;
  /** At most: the largest difference of U between model and circuit over the subsets that were tried. */
  readonly thresholds: { readonly gap: number };
}

/** Dropping any node or edge matters more than adding one at random does. */
export interface MinimalStatement {
  readonly kind: "minimal";
  readonly circuit: CircuitNodes;
}

export type Statement =
  | CarriesStatement
  | ContainsStatement
  | IgnoresStatement
  | ComputesStatement
  | EqualsStatement
  | CopiesStatement
  | AttendsStatement
  | AffectsStatement
  | SufficientStatement
  | NecessaryStatement
  | CompleteStatement
  | MinimalStatement;

/** The type of a feature's values. */
export type ValueType = "number" | "boolean" | "text";

/** A total function of one example: no loops, no host code. Types are checked before anything is evaluated. */
export type Expression =
  | { readonly kind: "literal"; readonly value: number | boolean | string }
  /** The value of a feature of the task, or of an earlier one of the file. */
  | { readonly kind: "feature"; readonly name: string }
  /** The text of the token at a position. */
  | { readonly kind: "token"; readonly at: Position }
  /** The index of a position. */
  | { readonly kind: "index"; readonly of: Position }
  /** How many tokens match, among those from `after` (left out itself) up to `before` (left out itself). */
  | { readonly kind: "count"; readonly tokens: TokenPattern; readonly after?: Position; readonly before?: Position }
  /** How many tokens the example has. */
  | { readonly kind: "length" }
  | { readonly kind: "matches"; readonly operand: Expression; readonly pattern: TokenPattern }
  | { readonly kind: "unary"; readonly operator: "-" | "not" | "abs"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly consequence: Expression;
      readonly otherwise: Expression;
    };

export type BinaryOperator =
  "+" | "-" | "*" | "/" | "mod" | "min" | "max" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "or";

/** A token's text: exactly this, or one in which the regular expression (matched in linear time) is found. */
export type TokenPattern =
  { readonly kind: "exactly"; readonly text: string } | { readonly kind: "regex"; readonly source: string };

/** Where a position of the file lies: the first or last token that matches, or a fixed distance from another position. */
export type PositionRule =
  | {
      readonly kind: "first" | "last";
      readonly tokens: TokenPattern;
      readonly after?: Position;
      readonly before?: Position;
    }
  | { readonly kind: "offset"; readonly from: Position; readonly by: number };
