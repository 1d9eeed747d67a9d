import type {
  ClaimItem,
  Expectation,
  IndexList,
  Item,
  Name,
  NumberLiteral,
  PositionTree,
  SiteBase,
  Sites,
  SiteTerm,
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
    case "claim":
      return claim(item);
    case "broken":
      return "";
    default:
      return `${item.kind} ${number(item.value)}`;
  }
}

function claim({ name: given, statement, expectations }: ClaimItem): string {
  const clauses = expectations.length === 0 ? "" : ` expect ${expectations.map(expectation).join(", ")}`;
  return `${given ? `claim ${name(given)}: ` : ""}${sites(statement.subject)} ${predicate(statement)}${clauses}`;
}

function predicate(statement: ClaimItem["statement"]): string {
  switch (statement.kind) {
    case "carries":
    case "ignores":
      return `${statement.kind} ${name(statement.feature)}`;
    case "copies": {
      const from = statement.from ? ` from ${position(statement.from)}` : "";
      const to = statement.to ? ` to ${position(statement.to)}` : "";
      return `copies ${name(statement.feature)}${from}${to}${statement.via ? ` via ${statement.via.text}` : ""}`;
    }
    case "attends":
      return `attends from ${position(statement.from)} to ${position(statement.to)}`;
    case "is":
      return `is ${statement.properties.map(({ text }) => text).join(" and ")}`;
  }
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
