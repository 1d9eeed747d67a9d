import type { CstNode, IToken, TokenType } from "chevrotain";
import type { Span } from "../diagnostic.ts";
import { unquote } from "./lexer.ts";
import { spanFrom, spanOf } from "./span.ts";
import * as t from "./tokens.ts";
import type {
  ChannelList,
  ClaimItem,
  Declaration,
  Expectation,
  IndexList,
  IndexRange,
  Item,
  Layer,
  Name,
  NumberLiteral,
  PositionTree,
  SiteBase,
  Sites,
  SiteTerm,
  StatementTree,
  Text,
} from "./tree.ts";

/** Turns the parser's record of one faultless line into its syntax tree. */
export function buildItem(cst: CstNode): Exclude<Item, { kind: "broken" }> {
  const [rule] = Object.keys(cst.children);
  const line = child(cst, rule!)!;
  const span = spanOfNode(line);
  switch (rule) {
    case "title":
    case "model":
      return { kind: rule, value: text(token(line, t.Text)!), span };
    case "task":
    case "split":
      return { kind: rule, value: name(child(line, "name")!), span };
    case "setting": {
      const { image } = firstOf(line, [t.Seed, t.Examples, t.Donors, t.Alpha]);
      return { kind: image as "seed", value: number(child(line, "number")!), span } satisfies Declaration;
    }
    case "let": {
      const identifier = token(line, t.Identifier)!;
      return { kind: "let", name: text(identifier), sites: sites(child(line, "sites")!), span };
    }
    default:
      return claim(line);
  }
}

function claim(line: CstNode): ClaimItem {
  const given = child(line, "name");
  const subject = sites(child(line, "sites")!);
  const predicate = child(line, "predicate")!;
  const expectations = children(line, "expect").flatMap((clause) => children(clause, "expectation").map(expectation));
  const statement = statementOf(predicate, subject, spanFrom(subject.span, spanOfNode(predicate)));
  const span = spanFrom(statement.span, expectations.at(-1)?.span ?? statement.span);
  return { kind: "claim", ...(given && { name: name(given) }), statement, expectations, span };
}

function statementOf(predicate: CstNode, subject: Sites, span: Span): StatementTree {
  const [kind] = Object.keys(predicate.children) as [StatementTree["kind"]];
  const node = child(predicate, kind)!;
  const [first, second] = children(node, "position").map(position);
  switch (kind) {
    case "carries":
    case "ignores":
      return { kind, subject, feature: name(child(node, "name")!), span };
    case "copies": {
      const via = token(node, t.Word);
      const from = token(node, t.From) && first;
      const to = token(node, t.To) && (from ? second : first);
      return {
        kind,
        subject,
        feature: name(child(node, "name")!),
        ...(from && { from }),
        ...(to && { to }),
        ...(via && { via: text(via) }),
        span,
      };
    }
    case "attends":
      return { kind, subject, from: first!, to: second!, span };
    case "is":
      return { kind, subject, properties: tokens(node, t.Word).map(text), span };
  }
}

function expectation(node: CstNode): Expectation {
  const words = tokens(node, t.Word);
  const comparison = token(node, t.Comparison);
  const span = spanOfNode(node);
  const said = {
    text: words.map((word) => word.image).join(" "),
    span: spanFrom(spanOf(words[0]!), spanOf(words.at(-1)!)),
  };
  if (comparison === undefined) return { kind: "verdict", verdict: said, span };
  const written = comparison.image.replace("≥", ">=").replace("≤", "<=");
  return { kind: "figure", figure: said, comparison: written, value: number(child(node, "number")!), span };
}

function sites(node: CstNode): Sites {
  return { terms: children(node, "term").map(term), span: spanOfNode(node) };
}

function term(node: CstNode): SiteTerm {
  const part = token(node, t.Word);
  const list = child(node, "channels");
  const at = child(node, "position");
  return {
    base: base(child(node, "base")!),
    ...(part && { part: text(part) }),
    ...(list && { channels: channels(list) }),
    ...(at && { position: position(at) }),
    span: spanOfNode(node),
  };
}

function base(node: CstNode): SiteBase {
  const span = spanOfNode(node);
  const group = child(node, "group");
  if (group !== undefined) return { kind: "group", sites: sites(group), span };
  const first = firstOf(node, [t.Embed, t.Circuit, t.Resid, t.Mlp, t.Attn, t.Nodes, t.Identifier, t.Node]);
  const layerToken = token(node, t.Layer);
  const layer = layerToken && ({ index: Number(layerToken.image.slice(1)), span: spanOf(layerToken) } satisfies Layer);
  const heads = child(node, "indices");
  switch (first.tokenType) {
    case t.Embed:
      return { kind: "embed", span };
    case t.Circuit:
      return { kind: "circuit", span };
    case t.Resid:
      return { kind: "resid", layer: layer!, span };
    case t.Mlp:
      return { kind: "mlp", layer: layer!, span };
    case t.Attn:
      return { kind: "attn", layer: layer!, ...(heads && { heads: indices(heads) }), span };
    case t.Nodes:
      return { kind: "nodes-from", path: text(token(node, t.Text)!), span };
    case t.Identifier:
      return { kind: "reference", name: text(first), span };
    default:
      return { kind: "node", id: { text: first.image.replaceAll("`", ""), span }, span };
  }
}

function channels(node: CstNode): ChannelList {
  const said = firstOf(node, [t.Channels, t.Channel, t.Neurons, t.Neuron]);
  const word = said.image.startsWith("neuron") ? "neurons" : "channels";
  return { word, ...indices(child(node, "indices")!), span: spanOfNode(node) };
}

function indices(node: CstNode): IndexList {
  return { ranges: children(node, "range").map(range), span: spanOfNode(node) };
}

function range(node: CstNode): IndexRange {
  const ends = tokens(node, t.NumberToken);
  return { first: numberOf(ends[0]!), last: numberOf(ends.at(-1)!), span: spanOfNode(node) };
}

function position(node: CstNode): PositionTree {
  const span = spanOfNode(node);
  const words = child(node, "name");
  if (words !== undefined) return { kind: "name", name: name(words), span };
  return { kind: "index", index: numberOf(token(node, t.NumberToken)!), span };
}

function name(node: CstNode): Name {
  const span = spanOfNode(node);
  const quoted = token(node, t.Text);
  if (quoted !== undefined) return { text: unquote(quoted.image), quoted: true, span };
  const words = [...tokens(node, t.NameWord), ...tokens(node, t.NumberToken)];
  words.sort((a, b) => a.startOffset - b.startOffset);
  return { text: words.map(({ image }) => image).join(" "), quoted: false, span };
}

function number(node: CstNode): NumberLiteral {
  const literal = numberOf(token(node, t.NumberToken)!);
  if (token(node, t.Percent) === undefined) return literal;
  return { value: literal.value / 100, percent: true, span: spanOfNode(node) };
}

function numberOf(literal: IToken): NumberLiteral {
  return { value: Number(literal.image), percent: false, span: spanOf(literal) };
}

function text(from: IToken): Text {
  return { text: from.image.startsWith('"') ? unquote(from.image) : from.image, span: spanOf(from) };
}

function child(node: CstNode, rule: string): CstNode | undefined {
  return node.children[rule]?.[0] as CstNode | undefined;
}

function children(node: CstNode, rule: string): readonly CstNode[] {
  return (node.children[rule] ?? []) as CstNode[];
}

/** The tokens that the grammar consumed as `type` directly in a node, in the order of the text. */
function tokens(node: CstNode, type: TokenType): readonly IToken[] {
  return (node.children[type.name] ?? []) as IToken[];
}

function token(node: CstNode, type: TokenType): IToken | undefined {
  return tokens(node, type)[0];
}

function firstOf(node: CstNode, types: readonly TokenType[]): IToken {
  return types.map((type) => token(node, type)).find((found) => found !== undefined)!;
}

function spanOfNode({ location }: CstNode): Span {
  const { startOffset, endOffset, startLine, startColumn } = location!;
  return { start: startOffset, end: endOffset! + 1, line: startLine!, column: startColumn! };
}
