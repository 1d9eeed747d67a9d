import type { Diagnostic, Span } from "../diagnostic.ts";
import type { Environment } from "../environment.ts";
import type { Hypothesis } from "../hypothesis.ts";
import type { CircuitFile, Item } from "../syntax/tree.ts";
import { ClaimChecker } from "./claims.ts";
import { findDefinitions, resolveDefinitions } from "./definitions.ts";
import { checkDeclarations, readHeader, readSettings } from "./header.ts";
import { Report } from "./report.ts";
import { readSources } from "./sources.ts";

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
 * checked. Never throws on account of the tree; errors of parsing the file itself are not repeated, those of files
 * that it imports are told here.
 */
export function checkCircuit(tree: CircuitFile, environment: Environment): Checked {
  const report = new Report(tree.file);
  checkDeclarations(tree, report);
  const settings = readSettings(tree, report);
  const header = readHeader(tree);
  checkPresence(tree, environment, report);
  checkRivals(tree, report);
  const sources = readSources(tree, environment, report);
  const definitions = findDefinitions(sources, environment.task);
  const { names, features, positions, nuisances } = resolveDefinitions(definitions, environment.task);
  const claims = new ClaimChecker(tree, definitions, names, environment, report).check();
  const { diagnostics } = report;
  const whole = diagnostics.length === 0 && sources.complete && !sources.files.some((source) => hasBroken(source.tree));
  if (!whole || environment.shape === undefined || environment.task === undefined) return { diagnostics };
  const { title = tree.file, model = "", task = "" } = header;
  return { hypothesis: { title, model, task, settings, features, positions, nuisances, claims }, diagnostics };
}

/** Every item, those of rivals included. */
function* allItems(items: readonly Item[]): Generator<Item> {
  for (const item of items) {
    yield item;
    if (item.kind === "rival") yield* item.items;
  }
}

function hasBroken({ items }: CircuitFile): boolean {
  for (const item of allItems(items)) if (item.kind === "broken") return true;
  return false;
}

/** A file names its model and task, unless the caller brings them, and claims something. */
function checkPresence(tree: CircuitFile, environment: Environment, report: Report): void {
  const kinds = new Set([...allItems(tree.items)].map((item) => (item.kind === "broken" ? item.meant : item.kind)));
  const top: Span = { start: 0, end: 0, line: 1, column: 1 };
  if (!kinds.has("model") && environment.shape === undefined) {
    report.error("missing-model", top, "the file does not name its model", 'add a line: model "PATH"');
  }
  if (!kinds.has("task") && environment.task === undefined) {
    report.error("missing-task", top, "the file does not name its task", "add a line: task NAME");
  }
  if (!kinds.has("claim"))
    report.error("no-claims", top, "the file claims nothing", "the shortest claim: attn L1 copies FEATURE");
}

/** A rival holds claims and lets of its own; all else is the file's. Its title tells it from the others. */
function checkRivals(tree: CircuitFile, report: Report): void {
  const titles = new Set<string>();
  for (const rival of tree.items) {
    if (rival.kind !== "rival") continue;
    const { text, span } = rival.title;
    if (titles.has(text)) report.error("repeated-name", span, `two rivals are called "${text}"`);
    titles.add(text);
    for (const item of rival.items) {
      if (item.kind === "claim" || item.kind === "let" || item.kind === "broken") continue;
      const hint = "a rival holds claims and `let`; move this line before it";
      report.error("misplaced-line", item.span, "this line says something of the whole file", hint);
    }
  }
}
