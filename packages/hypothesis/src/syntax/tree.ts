import type { Span } from "../diagnostic.ts";
import type { ExpressionTree, PositionRuleTree } from "./expression-tree.ts";

/**
 * The syntax tree of a `.circuit` file: what was written, nothing resolved. Plain immutable data.
 * Where the text has errors, the tree holds the items that could be read.
 */
export interface CircuitFile {
  readonly file: string;
  readonly source: string;
  readonly items: readonly Item[];
  /** Where the source holds comments, in the order of the text. */
  readonly comments: readonly Span[];
}

export type Item = Declaration | Import | Let | FeatureItem | PositionItem | Nuisance | Rival | ClaimItem | BrokenItem;

/** A line with errors. What it meant to declare is kept, so that no other line is blamed for its absence. */
export interface BrokenItem {
  readonly kind: "broken";
  readonly meant: Exclude<Item["kind"], "broken">;
  /** The name that a broken definition would have given. */
  readonly name?: string;
  readonly span: Span;
}

/** A line that sets one thing for the whole file. */
export type Declaration =
  | { readonly kind: "title" | "model"; readonly value: Text; readonly span: Span }
  | { readonly kind: "task"; readonly value: Name; readonly span: Span }
  | { readonly kind: "seed" | "examples" | "donors" | "alpha"; readonly value: NumberLiteral; readonly span: Span }
  | { readonly kind: "split"; readonly value: Name; readonly span: Span };

/** Brings the definitions of another file. */
export interface Import {
  readonly kind: "import";
  readonly path: Text;
  readonly span: Span;
}

export interface Let {
  readonly kind: "let";
  readonly name: Text;
  readonly sites: Sites;
  readonly span: Span;
}

/** `feature depth at last: int = count("[") - count("]")` */
export interface FeatureItem {
  readonly kind: "feature";
  readonly nuisance: boolean;
  readonly name: Name;
  readonly anchor?: PositionTree;
  /** `int`, `bool`, `text`, or what the author wrote instead. */
  readonly type: Text;
  readonly expression: ExpressionTree;
  readonly span: Span;
}

export interface PositionItem {
  readonly kind: "position";
  readonly name: Name;
  readonly rule: PositionRuleTree;
  readonly span: Span;
}

/** Marks features that should not matter. */
export interface Nuisance {
  readonly kind: "nuisance";
  readonly names: readonly Name[];
  readonly span: Span;
}

/** A competing hypothesis. It has no rivals of its own. */
export interface Rival {
  readonly kind: "rival";
  readonly title: Text;
  readonly items: readonly Exclude<Item, Rival>[];
  readonly span: Span;
}

export interface ClaimItem {
  readonly kind: "claim";
  readonly name?: Name;
  readonly statement: StatementTree;
  readonly when?: ExpressionTree;
  readonly anyIndex: boolean;
  readonly normsHeld: boolean;
  readonly expectations: readonly Expectation[];
  /** From the subject to the last condition: what is claimed, without what is expected of it. */
  readonly claimed: Span;
  /** From the subject to the last expectation, without the claim's name. */
  readonly span: Span;
}

export type StatementTree =
  | {
      readonly kind: "carries";
      readonly subject: Sites;
      readonly atMost: boolean;
      readonly feature: Name;
      readonly span: Span;
    }
  | { readonly kind: "contains" | "ignores"; readonly subject: Sites; readonly feature: Name; readonly span: Span }
  | {
      readonly kind: "computes";
      readonly subject: Sites;
      readonly feature: Name;
      readonly inputs: readonly InputTree[];
      readonly span: Span;
    }
  | { readonly kind: "equals"; readonly subject: Sites; readonly expression: ExpressionTree; readonly span: Span }
  | {
      readonly kind: "copies";
      readonly subject: Sites;
      readonly feature: Name;
      readonly from?: PositionTree;
      readonly to?: PositionTree;
      readonly via?: Text;
      readonly alone: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: "attends";
      readonly subject: Sites;
      readonly from: PositionTree;
      readonly to: PositionTree;
      readonly span: Span;
    }
  | { readonly kind: "affects"; readonly subject: Sites; readonly target: Sites; readonly span: Span }
  | {
      readonly kind: "does not affect";
      readonly subject: Sites;
      readonly target: Sites;
      readonly through?: Sites;
      readonly span: Span;
    }
  | {
      readonly kind: "is";
      readonly subject: Sites;
      /** `sufficient`, `necessary`, `complete`, `minimal`, or what the author wrote instead. */
      readonly properties: readonly Text[];
      readonly span: Span;
    };

/** What `computes` reads: sites, and the feature by which their values are drawn. */
export interface InputTree {
  readonly sites: Sites;
  readonly feature?: Name;
  readonly span: Span;
}

export type Expectation =
  | {
      readonly kind: "figure";
      readonly figure: Text;
      readonly comparison: string;
      /** 40 % is 0.4. */
      readonly value: NumberLiteral;
      readonly span: Span;
    }
  | { readonly kind: "verdict"; readonly verdict: Text; readonly span: Span };

/** Sites joined by `+`; one term or more. */
export interface Sites {
  readonly terms: readonly SiteTerm[];
  readonly span: Span;
}

export interface SiteTerm {
  readonly base: SiteBase;
  /** The word after a dot: `q` of `attn L1.q`. */
  readonly part?: Text;
  readonly channels?: ChannelList;
  readonly position?: PositionTree;
  readonly span: Span;
}

export type SiteBase =
  | { readonly kind: "embed"; readonly span: Span }
  | { readonly kind: "resid" | "mlp"; readonly layer: Layer; readonly span: Span }
  | { readonly kind: "attn"; readonly layer: Layer; readonly heads?: IndexList; readonly span: Span }
  | { readonly kind: "node"; readonly id: Text; readonly span: Span }
  | { readonly kind: "nodes-from"; readonly path: Text; readonly span: Span }
  | { readonly kind: "reference"; readonly name: Text; readonly span: Span }
  | { readonly kind: "circuit" | "logits"; readonly span: Span }
  | { readonly kind: "group"; readonly sites: Sites; readonly span: Span };

export interface Layer {
  readonly index: number;
  readonly span: Span;
}

export interface ChannelList extends IndexList {
  /** `neurons` is only said of the MLP's hidden layer. */
  readonly word: "channels" | "neurons";
}

export interface IndexList {
  readonly ranges: readonly IndexRange[];
  readonly span: Span;
}

/** Both ends belong to it; a single index has equal ends. */
export interface IndexRange {
  readonly first: NumberLiteral;
  readonly last: NumberLiteral;
  readonly span: Span;
}

export type PositionTree =
  | { readonly kind: "index"; readonly index: NumberLiteral; readonly span: Span }
  | { readonly kind: "name"; readonly name: Name; readonly span: Span };

/** A name of one word or several; `quoted` when it stood in quotes, where words of the language lose their meaning. */
export interface Name {
  readonly text: string;
  readonly quoted: boolean;
  readonly span: Span;
}

export interface Text {
  readonly text: string;
  readonly span: Span;
}

export interface NumberLiteral {
  readonly value: number;
  readonly percent: boolean;
  readonly span: Span;
}
