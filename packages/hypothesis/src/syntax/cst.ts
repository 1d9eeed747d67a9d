import type { CstNode, IToken, TokenType } from "chevrotain";
import type { Span } from "../diagnostic.ts";
import type { Name, NumberLiteral, PositionTree, Text } from "./tree.ts";
import { unquote } from "./lexer.ts";
import { spanFrom, spanOf } from "./span.ts";
import * as t from "./tokens.ts";

/*
 * Reading the parser's record of a line. Its nodes keep what they hold by rule and by token type, each
 * in the order of the text.
 */

const NO_NODES: readonly CstNode[] = [];

export function child(node: CstNode, rule: string): CstNode | undefined {
  return node.children[rule]?.[0] as CstNode | undefined;
}

export function children(node: CstNode, rule: string): readonly CstNode[] {
  return (node.children[rule] as CstNode[] | undefined) ?? NO_NODES;
}

/** The tokens that the grammar consumed as `type` directly in a node, in the order of the text. */
export function tokens(node: CstNode, type: TokenType): readonly IToken[] {
  return (node.children[type.name] ?? []) as IToken[];
}

export function token(node: CstNode, type: TokenType): IToken | undefined {
  return node.children[type.name]?.[0] as IToken | undefined;
}

/** The first of the types that the node holds. */
export function firstOf(node: CstNode, types: readonly TokenType[]): IToken {
  for (const type of types) {
    const found = token(node, type);
    if (found !== undefined) return found;
  }
  throw new Error("The grammar promised one of these.");
}

export function spanOfNode({ location }: CstNode): Span {
  const { startOffset, endOffset, startLine, startColumn } = location!;
  return { start: startOffset, end: endOffset! + 1, line: startLine!, column: startColumn! };
}

/** `name`, and its kin with the same children. */
export function name(node: CstNode): Name {
  const quoted = token(node, t.Text);
  if (quoted !== undefined) return { text: unquote(quoted.image), quoted: true, span: spanOf(quoted) };
  const { text: said, span } = words(node);
  return { text: said, quoted: false, span };
}

/** The words that a node holds, one space between them. */
export function words(node: CstNode): Text {
  let parts: readonly IToken[] | undefined;
  let mixed = false;
  for (const type of WORD_TYPES) {
    const found = node.children[type.name] as IToken[] | undefined;
    if (found === undefined) continue;
    mixed = parts !== undefined;
    parts = parts === undefined ? found : [...parts, ...found];
  }
  const first = parts![0]!;
  if (parts!.length === 1) return { text: first.image, span: spanOf(first) };
  const ordered = mixed ? [...parts!].sort((a, b) => a.startOffset - b.startOffset) : parts!;
  const span = spanFrom(spanOf(ordered[0]!), spanOf(ordered.at(-1)!));
  return { text: ordered.map(({ image }) => image).join(" "), span };
}

const WORD_TYPES = [t.NameWord, t.Identifier, t.PlainWord, t.NumberToken];

/** `position`, and `place`. */
export function position(node: CstNode): PositionTree {
  const index = token(node, t.NumberToken);
  if (index !== undefined) return { kind: "index", index: numberOf(index), span: spanOf(index) };
  const named = name(child(node, "name") ?? child(node, "operandName")!);
  return { kind: "name", name: named, span: named.span };
}

export function number(node: CstNode): NumberLiteral {
  const literal = numberOf(token(node, t.NumberToken)!);
  const percent = token(node, t.Percent);
  if (percent === undefined) return literal;
  return { value: literal.value / 100, percent: true, span: spanFrom(literal.span, spanOf(percent)) };
}

export function numberOf(literal: IToken): NumberLiteral {
  return { value: Number(literal.image), percent: false, span: spanOf(literal) };
}

export function text(from: IToken): Text {
  return { text: from.image.startsWith('"') ? unquote(from.image) : from.image, span: spanOf(from) };
}
