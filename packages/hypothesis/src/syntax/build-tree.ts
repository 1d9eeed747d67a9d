import type { CstNode } from "chevrotain";
import type { Span } from "../diagnostic.ts";
import { buildExpression, buildPositionRule } from "./build-expression.ts";
import {
  child,
  children,
  firstOf,
  name,
  number,
  numberOf,
  position,
  spanOfNode,
  text,
  token,
  tokens,
  words,
} from "./cst.ts";
import { spanFrom, spanOf } from "./span.ts";
import * as t from "./tokens.ts";
import type {
  ChannelList,
  ClaimItem,
  Declaration,
  Expectation,
  FeatureItem,
  IndexList,
  IndexRange,
  InputTree,
  Item,
  Layer,
  SiteBase,
  Sites,
  SiteTerm,
  StatementTree,
} from "./tree.ts";

/** A line that stands for itself; a rival spans several. */
export type LineItem = Exclude<Item, { kind: "broken" | "rival" }>;

/** A tree while it is built: files of thousands of lines are read at once, and spreading parts into it is slow. */
type Writable<Tree> = { -readonly [Key in keyof Tree]: Tree[Key] };

/** Turns the parser's record of one faultless line into its syntax tree. The lines of a rival's braces have none. */
export function buildItem(cst: CstNode): LineItem {
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
    case "import":
      return { kind: rule, path: text(token(line, t.Text)!), span };
    case "let":
      return { kind: rule, name: words(child(line, "words")!), sites: sites(child(line, "sites")!), span };
    case "feature":
      return feature(line);
    case "nuisance":
      return { kind: rule, names: children(line, "name").map(name), span };
    case "definedPosition":
      return { kind: "position", name: name(child(line, "name")!), rule: buildPositionRule(line), span };
    default:
      return claim(line);
  }
}

function feature(line: CstNode): FeatureItem {
  const at = child(line, "position");
  return {
    kind: "feature",
    nuisance: token(line, t.Nuisance) !== undefined,
    name: name(child(line, "name")!),
    ...(at && { anchor: position(at) }),
    type: text(token(line, t.Word)!),
    expression: buildExpression(child(line, "expression")!),
    span: spanOfNode(line),
  };
}

function claim(line: CstNode): ClaimItem {
  const subject = sites(child(line, "sites")!);
  const predicate = child(line, "predicate")!;
  const statement = statementOf(predicate, subject, spanFrom(subject.span, spanOfNode(predicate)));
  const expectations: Expectation[] = [];
  for (const clause of children(line, "expect")) {
    for (const said of children(clause, "expectation")) expectations.push(expectation(said));
  }
  const given = child(line, "name");
  const whole: Writable<ClaimItem> = {
    kind: "claim",
    statement,
    anyIndex: false,
    normsHeld: false,
    expectations,
    claimed: statement.span,
    span: statement.span,
  };
  if (given !== undefined) whole.name = name(given);
  for (const modifier of children(line, "modifier")) {
    const condition = child(modifier, "expression");
    if (condition !== undefined) whole.when ??= buildExpression(condition);
    else if (token(modifier, t.AnyIndex) !== undefined) whole.anyIndex = true;
    else whole.normsHeld = true;
    whole.claimed = spanFrom(whole.claimed, spanOfNode(modifier));
  }
  whole.span = spanFrom(whole.claimed, expectations.at(-1)?.span ?? whole.claimed);
  return whole;
}

function statementOf(predicate: CstNode, subject: Sites, span: Span): StatementTree {
  const [kind] = Object.keys(predicate.children) as [Exclude<StatementTree["kind"], "does not affect">];
  const node = child(predicate, kind)!;
  const [first, second] = children(node, "position").map(position);
  const about = child(node, "name");
  switch (kind) {
    case "carries":
      return { kind, subject, atMost: token(node, t.Most) !== undefined, feature: name(about!), span };
    case "contains":
    case "ignores":
      return { kind, subject, feature: name(about!), span };
    case "computes":
      return { kind, subject, feature: name(about!), inputs: children(node, "source").map(input), span };
    case "equals":
      return { kind, subject, expression: buildExpression(child(node, "expression")!), span };
    case "copies": {
      const via = token(node, t.Word);
      const from = token(node, t.From) && first;
      const to = token(node, t.To) && (from ? second : first);
      return {
        kind,
        subject,
        feature: name(about!),
        ...(from && { from }),
        ...(to && { to }),
        ...(via && { via: text(via) }),
        alone: token(node, t.Alone) !== undefined,
        span,
      };
    }
    case "attends":
      return { kind, subject, from: first!, to: second!, span };
    case "is": {
      const properties = children(node, "property").map((property) => text(token(property, t.Word)!));
      return { kind, subject, properties, span };
    }
    case "affects":
      return { kind, subject, target: sites(child(node, "sites")!), span };
    default: {
      const [target, through] = children(node, "sites").map(sites);
      return { kind: "does not affect", subject, target: target!, ...(through && { through }), span };
    }
  }
}

function input(node: CstNode): InputTree {
  const by = child(node, "name");
  return { sites: sites(child(node, "sites")!), ...(by && { feature: name(by) }), span: spanOfNode(node) };
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
  const whole: Writable<SiteTerm> = { base: base(child(node, "base")!), span: spanOfNode(node) };
  const part = token(node, t.Word);
  const list = child(node, "channels");
  const at = child(node, "position");
  if (part !== undefined) whole.part = text(part);
  if (list !== undefined) whole.channels = channels(list);
  if (at !== undefined) whole.position = position(at);
  return whole;
}

const BASES = [t.Attn, t.Mlp, t.Resid, t.Embed, t.Node, t.Circuit, t.Nodes, t.Logits];

function base(node: CstNode): SiteBase {
  const span = spanOfNode(node);
  const group = child(node, "group");
  if (group !== undefined) return { kind: "group", sites: sites(group), span };
  const said = child(node, "words");
  if (said !== undefined) return { kind: "reference", name: words(said), span };
  const first = firstOf(node, BASES);
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
    case t.Logits:
      return { kind: "logits", span };
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
  const first = numberOf(ends[0]!);
  return { first, last: ends.length === 1 ? first : numberOf(ends[1]!), span: spanOfNode(node) };
}
