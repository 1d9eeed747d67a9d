import type {
  ClaimItem,
  Expectation,
  ExpressionTree,
  FeatureItem,
  IndexList,
  Item,
  Name,
  NumberLiteral,
  PatternTree,
  PositionRuleTree,
  PositionTree,
  SiteBase,
  Sites,
  SiteTerm,
  StretchTree,
} from "../src/index.ts";

/** Writes a syntax tree as text, one item a line, in the plainest way. */
export function printTree(items: readonly Item[]): string {
  return items.map((item) => `${printItem(item)}\n`).join("");
}

function printItem(item: Item): string {
  switch (item.kind) {
    case "title":
      return `circuit ${quote(item.value.text)}`;
    case "model":
      return `model ${quote(item.value.text)}`;
    case "task":
    case "split":
      return `${item.kind} ${name(item.value)}`;
    case "let":
      return `let ${item.name.text} = ${sites(item.sites)}`;
    case "import":
      return `import ${quote(item.path.text)}`;
    case "feature":
      return feature(item);
    case "position":
      return `position ${name(item.name)} = ${rule(item.rule)}`;
    case "nuisance":
      return `nuisance ${item.names.map(name).join(", ")}`;
    case "rival":
      return `rival ${quote(item.title.text)} {\n${printTree(item.items)}}`;
    case "claim":
      return claim(item);
    case "broken":
      return "";
    default:
      return `${item.kind} ${number(item.value)}`;
  }
}

function feature({ nuisance, name: given, anchor, type, expression: defined }: FeatureItem): string {
  const at = anchor ? ` at ${position(anchor)}` : "";
  return `${nuisance ? "nuisance " : ""}feature ${name(given)}${at}: ${type.text} = ${expression(defined)}`;
}

function rule(tree: PositionRuleTree): string {
  if (tree.kind !== "offset") {
    const matching = tree.tokens.kind === "regex" ? "matching " : "";
    return `${tree.kind} token ${matching}${pattern(tree.tokens)}${stretch(tree)}`;
  }
  const distance = tree.by === 0 ? "" : ` ${tree.by < 0 ? "-" : "+"} ${Math.abs(tree.by)}`;
  return position(tree.from) + distance;
}

function claim(item: ClaimItem): string {
  const { name: given, statement, when, anyIndex, normsHeld, expectations } = item;
  const clauses = expectations.length === 0 ? "" : ` expect ${expectations.map(expectation).join(", ")}`;
  const conditions = [
    ...(when ? [` when ${expression(when)}`] : []),
    ...(anyIndex ? [" any index"] : []),
    ...(normsHeld ? [" with norms held"] : []),
  ];
  const claimed = `${sites(statement.subject)} ${predicate(statement)}${conditions.join("")}`;
  return `${given ? `claim ${name(given)}: ` : ""}${claimed}${clauses}`;
}

function predicate(statement: ClaimItem["statement"]): string {
  switch (statement.kind) {
    case "carries":
      return `carries ${statement.atMost ? "at most " : ""}${name(statement.feature)}`;
    case "contains":
    case "ignores":
      return `${statement.kind} ${name(statement.feature)}`;
    case "computes": {
      const inputs = statement.inputs.map(
        ({ sites: read, feature: by }) => `${sites(read)}${by ? ` by ${name(by)}` : ""}`,
      );
      return `computes ${name(statement.feature)} from ${inputs.join(", ")}`;
    }
    case "equals":
      return `equals ${expression(statement.expression)}`;
    case "copies": {
      const from = statement.from ? ` from ${position(statement.from)}` : "";
      const to = statement.to ? ` to ${position(statement.to)}` : "";
      const via = statement.via ? ` via ${statement.via.text}` : "";
      return `copies ${name(statement.feature)}${from}${to}${via}${statement.alone ? " alone" : ""}`;
    }
    case "attends":
      return `attends from ${position(statement.from)} to ${position(statement.to)}`;
    case "affects":
      return `affects ${sites(statement.target)}`;
    case "does not affect": {
      const through = statement.through ? ` except through ${sites(statement.through)}` : "";
      return `does not affect ${sites(statement.target)}${through}`;
    }
    case "is":
      return `is ${statement.properties.map(({ text }) => text).join(" and ")}`;
  }
}

/** Everything that has parts stands in brackets, so that nothing depends on which sign is stronger. */
function expression(tree: ExpressionTree): string {
  switch (tree.kind) {
    case "literal":
      return typeof tree.value === "string" ? quote(tree.value) : String(tree.value);
    case "feature":
      return tree.name.quoted ? `feature(${name(tree.name)})` : tree.name.text;
    case "token":
    case "index":
      return `${tree.kind}(${position(tree.at)})`;
    case "count":
      return `count(${pattern(tree.tokens)}${stretch(tree)})`;
    case "length":
      return "length()";
    case "matches":
      return `(${expression(tree.operand)} matches ${pattern(tree.pattern)})`;
    case "unary":
      return tree.operator === "abs"
        ? `abs(${expression(tree.operand)})`
        : `(${tree.operator} ${expression(tree.operand)})`;
    case "binary": {
      const [left, right, sign] = [expression(tree.left), expression(tree.right), tree.operator.text];
      return sign === "min" || sign === "max" ? `${sign}(${left}, ${right})` : `(${left} ${sign} ${right})`;
    }
    case "if":
      return `(if ${expression(tree.condition)} then ${expression(tree.consequence)} else ${expression(tree.otherwise)})`;
  }
}

function pattern(tree: PatternTree): string {
  return tree.kind === "exactly" ? quote(tree.text) : `/${tree.source}/`;
}

function stretch({ after, before }: StretchTree): string {
  return `${after ? ` after ${position(after)}` : ""}${before ? ` before ${position(before)}` : ""}`;
}

function expectation(clause: Expectation): string {
  return clause.kind === "verdict"
    ? clause.verdict.text
    : `${clause.figure.text} ${clause.comparison} ${number(clause.value)}`;
}

function sites({ terms }: Sites): string {
  return terms.map(term).join(" + ");
}

function term({ base: whole, part, channels, position: at }: SiteTerm): string {
  const narrowed = channels ? ` ${channels.word} ${indices(channels)}` : "";
  return `${base(whole)}${part ? `.${part.text}` : ""}${narrowed}${at ? ` at ${position(at)}` : ""}`;
}

function base(whole: SiteBase): string {
  switch (whole.kind) {
    case "embed":
    case "circuit":
    case "logits":
      return whole.kind;
    case "resid":
    case "mlp":
      return `${whole.kind} L${whole.layer.index}`;
    case "attn":
      return `attn L${whole.layer.index}${whole.heads ? ` heads ${indices(whole.heads)}` : ""}`;
    case "node":
      return `\`${whole.id.text}\``;
    case "nodes-from":
      return `nodes from ${quote(whole.path.text)}`;
    case "reference":
      return whole.name.text;
    case "group":
      return `{ ${sites(whole.sites)} }`;
  }
}

function indices({ ranges }: IndexList): string {
  return ranges
    .map(({ first, last }) => (first.value === last.value ? number(first) : `${number(first)}-${number(last)}`))
    .join(", ");
}

function position(tree: PositionTree): string {
  return tree.kind === "index" ? number(tree.index) : name(tree.name);
}

function name({ text, quoted }: Name): string {
  return quoted ? quote(text) : text;
}

function number({ value, percent }: NumberLiteral): string {
  return percent ? `${Math.round(value * 100)}%` : String(value);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
