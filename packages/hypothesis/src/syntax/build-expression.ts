import type { CstNode, IToken, TokenType } from "chevrotain";
import { child, children, firstOf, name, numberOf, position, spanOfNode, text, token, tokens, words } from "./cst.ts";
import type { ExpressionTree, PatternTree, PositionRuleTree, StretchTree } from "./expression-tree.ts";
import { unquote } from "./lexer.ts";
import { spanFrom, spanOf } from "./span.ts";
import * as t from "./tokens.ts";

/** Turns the parser's record of an expression into its tree. Brackets leave no trace but the tree's form. */
export function buildExpression(node: CstNode): ExpressionTree {
  const either = child(node, "either");
  if (either !== undefined)
    return joined(either, "both", [t.Or], (both) => joined(both, "negation", [t.And], negation));
  const [condition, consequence, otherwise] = children(node, "expression").map(buildExpression);
  return {
    kind: "if",
    condition: condition!,
    consequence: consequence!,
    otherwise: otherwise!,
    span: spanOfNode(node),
  };
}

export function buildPositionRule(node: CstNode): PositionRuleTree {
  const span = spanOfNode(node);
  const search = child(node, "search");
  if (search !== undefined) {
    const kind = token(search, t.First) === undefined ? "last" : "first";
    return { kind, tokens: pattern(child(search, "pattern")!), ...stretch(search), span: spanOfNode(search) };
  }
  const offset = child(node, "offset")!;
  const [from, distance] = [position(child(offset, "place")!), token(offset, t.NumberToken)];
  const sign = token(offset, t.Minus) === undefined ? 1 : -1;
  return {
    kind: "offset",
    from,
    by: distance === undefined ? 0 : sign * Number(distance.image),
    span: spanOfNode(offset) ?? span,
  };
}

/** Operands of one rule with operators between them, read from the left. */
function joined(
  node: CstNode,
  rule: string,
  operators: readonly TokenType[],
  build: (operand: CstNode) => ExpressionTree,
): ExpressionTree {
  const operands = children(node, rule);
  let tree = build(operands[0]!);
  if (operands.length === 1) return tree;
  const signs = operators.flatMap((type) => tokens(node, type)).sort((a, b) => a.startOffset - b.startOffset);
  signs.forEach((sign, index) => {
    const right = build(operands[index + 1]!);
    tree = { kind: "binary", operator: text(sign), left: tree, right, span: spanFrom(tree.span, right.span) };
  });
  return tree;
}

function negation(node: CstNode): ExpressionTree {
  return prefixed(tokens(node, t.Not), "not", comparison(child(node, "comparison")!));
}

/** Each prefix stands before all that follows it. */
function prefixed(prefixes: readonly IToken[], operator: "-" | "not", operand: ExpressionTree): ExpressionTree {
  return prefixes.reduceRight<ExpressionTree>(
    (inner, prefix) => ({ kind: "unary", operator, operand: inner, span: spanFrom(spanOf(prefix), inner.span) }),
    operand,
  );
}

function comparison(node: CstNode): ExpressionTree {
  const tested = child(node, "pattern");
  if (tested === undefined) return joined(node, "sum", [t.Comparison], sum);
  const [operand, matched] = [sum(child(node, "sum")!), pattern(tested)];
  return { kind: "matches", operand, pattern: matched, span: spanFrom(operand.span, matched.span) };
}

function sum(node: CstNode): ExpressionTree {
  return joined(node, "product", [t.Plus, t.Minus], (product) =>
    joined(product, "signed", [t.Star, t.Slash, t.Mod], (signed) =>
      prefixed(tokens(signed, t.Minus), "-", operand(child(signed, "operand")!)),
    ),
  );
}

function operand(node: CstNode): ExpressionTree {
  const span = spanOfNode(node);
  const inner = child(node, "expression");
  if (inner !== undefined) return { ...buildExpression(inner), span };
  const counted = child(node, "count");
  if (counted !== undefined)
    return { kind: "count", tokens: pattern(child(counted, "pattern")!), ...stretch(counted), span };
  const found = child(node, "lookup");
  if (found !== undefined) return lookup(found);
  const called = child(node, "call");
  if (called !== undefined) return call(called);
  const said = child(node, "operandWords");
  if (said !== undefined) return { kind: "feature", name: { ...words(said), quoted: false }, span };
  const literal = firstOf(node, [t.NumberToken, t.Text, t.True, t.False]);
  const value =
    literal.tokenType === t.NumberToken
      ? numberOf(literal).value
      : literal.tokenType === t.True || (literal.tokenType === t.False ? false : unquote(literal.image));
  return { kind: "literal", value, span };
}

function lookup(node: CstNode): ExpressionTree {
  const span = spanOfNode(node);
  const at = child(node, "place");
  if (at !== undefined) {
    return { kind: token(node, t.TokenWord) ? "token" : "index", at: position(at), span };
  }
  const named = child(node, "name");
  return named === undefined ? { kind: "length", span } : { kind: "feature", name: name(named), span };
}

function call(node: CstNode): ExpressionTree {
  const span = spanOfNode(node);
  const [left, right] = children(node, "expression").map(buildExpression);
  if (right === undefined) return { kind: "unary", operator: "abs", operand: left!, span };
  return { kind: "binary", operator: text(firstOf(node, [t.Min, t.Max])), left: left!, right, span };
}

function pattern(node: CstNode): PatternTree {
  const exact = token(node, t.Text);
  if (exact !== undefined) return { kind: "exactly", text: unquote(exact.image), span: spanOf(exact) };
  const regex = token(node, t.Regex)!;
  return { kind: "regex", source: regex.image.slice(1, -1), span: spanOf(regex) };
}

function stretch(node: CstNode): StretchTree {
  const bounds = child(node, "stretch");
  if (bounds === undefined) return {};
  const places = children(bounds, "place").map(position);
  const after = token(bounds, t.After) && places.shift();
  const before = token(bounds, t.Before) && places.shift();
  return { ...(after && { after }), ...(before && { before }) };
}
