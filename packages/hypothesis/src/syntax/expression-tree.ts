import type { Span } from "../diagnostic.ts";
import type { Name, PositionTree, Text } from "./tree.ts";

/** An expression as it was written: nothing resolved, no types. */
export type ExpressionTree =
  | { readonly kind: "literal"; readonly value: number | boolean | string; readonly span: Span }
  | { readonly kind: "feature"; readonly name: Name; readonly span: Span }
  /** The text of the token at a position; a position's index. */
  | { readonly kind: "token" | "index"; readonly at: PositionTree; readonly span: Span }
  | ({ readonly kind: "count"; readonly tokens: PatternTree; readonly span: Span } & StretchTree)
  | { readonly kind: "length"; readonly span: Span }
  | { readonly kind: "matches"; readonly operand: ExpressionTree; readonly pattern: PatternTree; readonly span: Span }
  | {
      readonly kind: "unary";
      readonly operator: "-" | "not" | "abs";
      readonly operand: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: "binary";
      /** As written: also signs that expressions do not know, such as `=`. */
      readonly operator: Text;
      readonly left: ExpressionTree;
      readonly right: ExpressionTree;
      readonly span: Span;
    }
  | {
      readonly kind: "if";
      readonly condition: ExpressionTree;
      readonly consequence: ExpressionTree;
      readonly otherwise: ExpressionTree;
      readonly span: Span;
    };

/** What a token is compared with. `source` of a regular expression is what stands between the slashes. */
export type PatternTree =
  | { readonly kind: "exactly"; readonly text: string; readonly span: Span }
  | { readonly kind: "regex"; readonly source: string; readonly span: Span };

/** The tokens after one position and before another, both left out. */
export interface StretchTree {
  readonly after?: PositionTree;
  readonly before?: PositionTree;
}

export type PositionRuleTree =
  | ({ readonly kind: "first" | "last"; readonly tokens: PatternTree; readonly span: Span } & StretchTree)
  /** `by` tokens later; earlier where it is negative. */
  | { readonly kind: "offset"; readonly from: PositionTree; readonly by: number; readonly span: Span };
