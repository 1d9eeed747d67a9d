import type { Diagnostic, Span } from "../diagnostic.ts";
import type { Environment } from "../environment.ts";
import type { Claim, CircuitNodes, Hypothesis, Statement } from "../hypothesis.ts";
import type { CircuitFile, ClaimItem, Item, StatementTree, Text } from "../syntax/tree.ts";
import { notInThisVersion } from "../syntax/parse.ts";
import { circuitNodes, sitesOfStatement } from "./circuit-nodes.ts";
import { Expectations, type StatementKind } from "./expectations.ts";
import { checkDeclarations, readHeader, readSettings } from "./header.ts";
import { Report } from "./report.ts";
import { Scope } from "./scope.ts";
import { StatementChecker } from "./statements.ts";

/** A checked hypothesis, or what is wrong with the file. */
export interface Checked {
  /**
   * Present exactly when the whole file was read without an error and the environment gives both the
   * model's shape and the task's names.
   */
  readonly hypothesis?: Hypothesis;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Checks a syntax tree against a model and a task. Without one of them, only what needs neither is
 * checked. Never throws on account of the tree; errors of parsing are not repeated.
 */
export function checkCircuit(tree: CircuitFile, environment: Environment): Checked {
  const report = new Report(tree.file);
  checkDeclarations(tree, report);
  const settings = readSettings(tree, report);
  const header = readHeader(tree);
  checkPresence(tree, environment, report);
  const claims = checkClaims(tree, environment, report);
  const { diagnostics } = report;
  const whole = diagnostics.length === 0 && tree.items.every((item) => item.kind !== "broken");
  if (!whole || environment.shape === undefined || environment.task === undefined) return { diagnostics };
  const { title = tree.file, model = "", task = "" } = header;
  return { hypothesis: { title, model, task, settings, claims }, diagnostics };
}

/** A file names its model and task, unless the caller brings them, and claims something. */
function checkPresence(tree: CircuitFile, environment: Environment, report: Report): void {
  const has = (kind: Exclude<Item["kind"], "broken">): boolean =>
    tree.items.some((item) => item.kind === kind || (item.kind === "broken" && item.meant === kind));
  const top: Span = { start: 0, end: 0, line: 1, column: 1 };
  if (!has("model") && environment.shape === undefined) {
    report.error("missing-model", top, "the file does not name its model", 'add a line: model "PATH"');
  }
  if (!has("task") && environment.task === undefined) {
    report.error("missing-task", top, "the file does not name its task", "add a line: task NAME");
  }
  if (!has("claim"))
    report.error("no-claims", top, "the file claims nothing", "the shortest claim: attn L1 copies FEATURE");
}

/** One statement of a claim on its way to a checked claim; `is sufficient and necessary` are two. */
interface Draft {
  readonly item: ClaimItem;
  readonly kind: StatementKind;
  readonly joined: boolean;
  readonly expectations: Expectations;
  /** Absent where it has an error, and for circuits, whose meaning depends on the other statements. */
  readonly statement?: Statement;
}

function checkClaims(tree: CircuitFile, environment: Environment, report: Report): Claim[] {
  const checker = new StatementChecker(new Scope(tree, environment, report), environment, report);
  const items = tree.items.filter((item) => item.kind === "claim");
  checkClaimNames(items, report);
  const drafts = items.flatMap((item): Draft[] => {
    const kinds = kindsOf(item.statement, tree.file, report);
    const expectations = new Expectations(item.expectations, kinds, tree.source, report);
    return kinds.map((kind) => {
      const draft = { item, kind, joined: kinds.length > 1, expectations };
      const statement = item.statement.kind === "is" ? undefined : checker.local(item.statement, expectations.of(kind));
      return { ...draft, ...(statement && { statement }) };
    });
  });
  let wholeCircuit: CircuitNodes | undefined;
  const circuits = new Map(
    items.map((item): [ClaimItem, CircuitNodes | undefined] => {
      if (item.statement.kind !== "is") return [item, undefined];
      const { subject } = item.statement;
      const source = oneLine(tree.source, subject.span);
      const circuit = isWholeCircuit(item.statement)
        ? (wholeCircuit ??= unionOfClaims(drafts, environment))
        : checker.circuit(subject, source);
      if (circuit?.nodes.length === 0) {
        const hint = isWholeCircuit(item.statement)
          ? "it is the union of the sites of the claims that are expected to be supported"
          : "only the embedding, or nothing, is named";
        report.error("empty-circuit", subject.span, `${source} holds no nodes`, hint);
      }
      return [item, circuit];
    }),
  );
  return drafts.flatMap((draft, index): Claim[] => {
    const { item, kind, joined, expectations } = draft;
    const stated = expectations.of(kind);
    const circuit = circuits.get(item);
    const statement =
      kind === "sufficient" || kind === "necessary"
        ? circuit && checker.aboutCircuit(kind, circuit, stated)
        : draft.statement;
    if (statement === undefined) return [];
    const given = item.name && (joined ? `${item.name.text} (${kind})` : item.name.text);
    const { line, column } = item.span;
    return [
      {
        name: given ?? `claim ${index + 1}`,
        text: oneLine(tree.source, item.statement.span),
        line,
        column,
        expected: expectations.verdict,
        stated: stated.stated,
        statement,
      },
    ];
  });
}

/** The statements that a predicate makes; words that this version does not know are reported. */
function kindsOf(statement: StatementTree, file: string, report: Report): StatementKind[] {
  if (statement.kind !== "is") return [statement.kind];
  const kinds = new Set<StatementKind>();
  for (const word of statement.properties) {
    if (word.text !== "sufficient" && word.text !== "necessary") reportProperty(word, file, report);
    else if (kinds.has(word.text)) report.error("syntax", word.span, `"${word.text}" is said twice`);
    else kinds.add(word.text);
  }
  return [...kinds];
}

function reportProperty({ text, span }: Text, file: string, report: Report): void {
  if (text === "complete" || text === "minimal") report.add(notInThisVersion(`is ${text}`, span, file));
  else report.error("syntax", span, `a circuit cannot be "${text}"`, 'it can be "sufficient" or "necessary"');
}

function checkClaimNames(items: readonly ClaimItem[], report: Report): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (name === undefined) continue;
    const reserved = /^claim \d+$/.test(name.text);
    if (reserved)
      report.error("repeated-claim-name", name.span, `"${name.text}" is how claims without a name are called`);
    else if (seen.has(name.text))
      report.error("repeated-claim-name", name.span, `two claims are called "${name.text}"`);
    seen.add(name.text);
  }
}

/** What `circuit` means: the nodes of every statement about sites that is expected to be supported. */
function unionOfClaims(drafts: readonly Draft[], { shape }: Environment): CircuitNodes | undefined {
  if (shape === undefined) return undefined;
  const positive = drafts.filter(
    ({ item, expectations }) => item.statement.kind !== "is" && expectations.verdict === "supported",
  );
  if (positive.some(({ statement }) => statement === undefined)) return undefined;
  const sites = positive.flatMap(({ statement }) => sitesOfStatement(statement!, shape));
  return { nodes: circuitNodes(sites, shape), source: "circuit" };
}

function isWholeCircuit({ subject }: StatementTree): boolean {
  const [term, ...others] = subject.terms;
  const bare = term!.part === undefined && term!.channels === undefined && term!.position === undefined;
  return others.length === 0 && bare && term!.base.kind === "circuit";
}

/** The source of a span on one line, without comments. */
function oneLine(source: string, { start, end }: Span): string {
  const text = source.slice(start, end);
  return text
    .replace(/("(?:\\["\\]|[^"\r\n])*")|\/\/[^\r\n]*/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
