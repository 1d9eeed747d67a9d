import type { IToken } from "chevrotain";
import type { Diagnostic, Span } from "../diagnostic.ts";
import { buildItem } from "./build-tree.ts";
import { parseLine } from "./grammar.ts";
import { lex } from "./lexer.ts";
import { spanFrom, spanOf } from "./span.ts";
import { syntaxDiagnostic } from "./syntax-errors.ts";
import * as t from "./tokens.ts";
import type { BrokenItem, CircuitFile, Item } from "./tree.ts";

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
  const lexed = lex(text, file);
  const items: Item[] = [];
  const diagnostics: Diagnostic[] = [];
  let unread = lexed.diagnostics;
  for (const line of lexed.lines) {
    const span = spanFrom(spanOf(line[0]!), spanOf(line.at(-1)!));
    const end = lineEnd(text, span.end);
    const here = unread.filter((diagnostic) => diagnostic.span.line >= span.line && diagnostic.span.start < end);
    if (here.length > 0) unread = unread.filter((diagnostic) => !here.includes(diagnostic));
    const faults = [...here, ...later(line, file)];
    const read = faults.length > 0 ? undefined : readLine(line, file);
    diagnostics.push(...faults, ...(read?.faults ?? []));
    items.push(read?.item ?? broken(line, span));
  }
  for (const diagnostic of unread) {
    diagnostics.push(diagnostic);
    items.push({ kind: "broken", meant: "claim", span: diagnostic.span });
  }
  return { tree: { file, source: text, items }, diagnostics };
}

function readLine(line: readonly IToken[], file: string): { item?: Item; faults: readonly Diagnostic[] } {
  const { cst, faults } = parseLine(line);
  if (faults.length > 0 || cst === undefined)
    return { faults: faults.map((fault) => syntaxDiagnostic(fault, line, file)) };
  return { item: buildItem(cst), faults: [] };
}

/** What belongs to the language but not to this version of it. */
function later(line: readonly IToken[], file: string): Diagnostic[] {
  return line.flatMap((token, index): Diagnostic[] => {
    const next = line[index + 1];
    const phrase =
      token.tokenType === t.LaterDeclaration || token.tokenType === t.LaterPhrase
        ? /^(?:does not affect|\w+)/.exec(token.image)![0]
        : token.tokenType === t.Rival && index === 0
          ? "rival"
          : token.tokenType === t.Carries && next?.tokenType === t.At
            ? `carries at ${line[index + 2]?.image ?? "most"}`
            : token.image === "alone" && line[index - 2]?.tokenType === t.Via
              ? "alone"
              : undefined;
    return phrase === undefined ? [] : [notInThisVersion(phrase, spanOf(token), file)];
  });
}

export function notInThisVersion(phrase: string, at: Span, file: string): Diagnostic {
  return {
    code: "not-in-this-version",
    severity: "error",
    message: `"${phrase}" is not in this version of the language`,
    hint: "it has: carries, ignores, copies, attends, is sufficient, is necessary",
    span: { ...at, end: Math.min(at.end, at.start + phrase.length) },
    file,
  };
}

function broken(line: readonly IToken[], span: Span): BrokenItem {
  const [first, second] = line;
  const meant = MEANT.get(first!.image) ?? "claim";
  if (meant === "let" && second !== undefined) return { kind: "broken", meant, name: second.image, span };
  return { kind: "broken", meant: meant === "title" && second?.tokenType !== t.Text ? "claim" : meant, span };
}

const MEANT = new Map<string, BrokenItem["meant"]>([
  ["circuit", "title"],
  ["model", "model"],
  ["task", "task"],
  ["let", "let"],
  ["seed", "seed"],
  ["examples", "examples"],
  ["donors", "donors"],
  ["alpha", "alpha"],
  ["split", "split"],
]);

function lineEnd(text: string, offset: number): number {
  const rest = text.slice(offset).search(/[\r\n]/);
  return rest < 0 ? text.length + 1 : offset + rest;
}
