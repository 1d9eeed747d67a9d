import type { IToken } from "chevrotain";
import type { Diagnostic, Span } from "../diagnostic.ts";
import { buildItem } from "./build-tree.ts";
import { parseLine } from "./grammar.ts";
import { lex, unquote } from "./lexer.ts";
import { sizeFault } from "./line-size.ts";
import { gatherRivals, type Entry } from "./rivals.ts";
import { spanFrom, spanOf } from "./span.ts";
import { syntaxDiagnostic } from "./syntax-errors.ts";
import * as t from "./tokens.ts";
import type { BrokenItem, CircuitFile } from "./tree.ts";

/** A syntax tree, and everything that could not be read. */
export interface Parsed {
  readonly tree: CircuitFile;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a `.circuit` file. Never throws: every text gives a tree, and diagnostics for
 * the lines that could not be read.
 * @param file the name that diagnostics carry
 */
export function parseCircuit(text: string, file: string): Parsed {
  const { lines, comments, diagnostics: unread } = lex(text, file);
  const entries: Entry[] = [];
  const diagnostics: Diagnostic[] = [];
  let next = 0;
  lines.forEach((line, index) => {
    const span = spanFrom(spanOf(line[0]!), spanOf(line.at(-1)!));
    const end = next < unread.length ? endOf(text, span, lines[index + 1]) : span.end;
    const faults: Diagnostic[] = [];
    for (; next < unread.length && unread[next]!.span.start < end; next++) {
      const diagnostic = unread[next]!;
      if (diagnostic.span.line >= span.line) faults.push(diagnostic);
      else entries.push(unreadable(diagnostic));
      diagnostics.push(diagnostic);
    }
    const read = readLine(line, span, file, faults.length === 0);
    diagnostics.push(...read.faults);
    entries.push(read.entry);
  });
  for (const diagnostic of unread.slice(next)) {
    diagnostics.push(diagnostic);
    entries.push(unreadable(diagnostic));
  }
  const { items, faults } = gatherRivals(entries, file);
  diagnostics.push(...faults);
  return { tree: { file, source: text, items, comments: comments.map(spanOf) }, diagnostics };
}

/** @param readable whether the lexer could read all of the line */
function readLine(
  line: IToken[],
  span: Span,
  file: string,
  readable: boolean,
): { entry: Entry; faults: readonly Diagnostic[] } {
  const tooLarge = readable ? sizeFault(line, file) : undefined;
  const parsed = readable && tooLarge === undefined ? parseLine(line) : undefined;
  const faults = tooLarge ? [tooLarge] : (parsed?.faults ?? []).map((fault) => syntaxDiagnostic(fault, line, file));
  if (parsed !== undefined && faults.length === 0) faults.push(...repeatedConditions(line, file));
  const whole = parsed?.cst !== undefined && faults.length === 0;
  const [first] = line;
  if (first!.tokenType === t.Rival && line.at(-1)!.tokenType === t.LeftBrace) {
    const title = line.find(({ tokenType }) => tokenType === t.Text);
    return { entry: { kind: "opens", title: title && unquote(title.image), whole, span }, faults };
  }
  if (first!.tokenType === t.RightBrace && whole) return { entry: { kind: "closes", span }, faults };
  return { entry: whole ? buildItem(parsed.cst!) : broken(line, span), faults };
}

/** The grammar takes conditions in any order; each may be said once. */
function repeatedConditions(line: readonly IToken[], file: string): Diagnostic[] {
  const conditions = line.filter(({ tokenType }) => CONDITIONS.has(tokenType));
  const repeated = conditions.filter(({ tokenType }, i) =>
    conditions.slice(0, i).some((before) => before.tokenType === tokenType),
  );
  return repeated.map((token): Diagnostic => {
    const hint = token.tokenType === t.When ? "join the two conditions with `and`" : "once is enough";
    const message = `"${token.image}" is said twice`;
    return { code: "syntax", severity: "error", message, hint, span: spanOf(token), file };
  });
}

const CONDITIONS = new Set([t.When, t.AnyIndex, t.WithNormsHeld]);

function unreadable({ span }: Diagnostic): BrokenItem {
  return { kind: "broken", meant: "claim", span };
}

function broken(line: readonly IToken[], span: Span): BrokenItem {
  const [first, second] = line;
  const meant = MEANT.get(first!.tokenType) ?? "claim";
  const defines = meant === "let" || meant === "feature" || meant === "position";
  if (defines && second !== undefined) {
    const end = line.findIndex(({ tokenType }) => NAME_ENDS.has(tokenType));
    const name = line.slice(1, end < 0 ? 2 : end).map(({ image }) => image);
    return { kind: "broken", meant, name: name.join(" "), span };
  }
  return { kind: "broken", meant: meant === "title" && second?.tokenType !== t.Text ? "claim" : meant, span };
}

const NAME_ENDS = new Set([t.Assign, t.Colon, t.At]);
const MEANT = new Map<unknown, BrokenItem["meant"]>([
  [t.Circuit, "title"],
  [t.Model, "model"],
  [t.Task, "task"],
  [t.Import, "import"],
  [t.Let, "let"],
  [t.Feature, "feature"],
  [t.PositionWord, "position"],
  [t.Nuisance, "nuisance"],
  [t.Seed, "seed"],
  [t.Examples, "examples"],
  [t.Donors, "donors"],
  [t.Alpha, "alpha"],
  [t.Split, "split"],
]);

/** Up to where what cannot be read belongs to a line: its physical end, or the next line's beginning. */
function endOf(text: string, span: Span, next: readonly IToken[] | undefined): number {
  LINE_END.lastIndex = span.end;
  const end = LINE_END.exec(text)?.index ?? text.length + 1;
  return next === undefined ? end : Math.min(end, next[0]!.startOffset);
}

const LINE_END = /[\r\n]/g;
