import type { IToken } from "chevrotain";
import type { Diagnostic } from "./diagnostic.ts";
import { lex } from "./syntax/lexer.ts";
import { parseCircuit } from "./syntax/parse.ts";
import * as t from "./syntax/tokens.ts";

/** A text in the one layout, or why it has none. */
export interface Formatted {
  /** Absent where the text has syntax errors. */
  readonly text?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Lays a file out: one space between words, `=`, `expect` and comments of neighbouring lines
 * aligned, at most one blank line. Line breaks and comments stay where the author put them; the
 * syntax tree stays the same.
 */
export function formatCircuit(text: string, file: string): Formatted {
  const { diagnostics } = parseCircuit(text, file);
  if (diagnostics.length > 0) return { diagnostics };
  const rows = physicalLines(text, file);
  for (const run of runs(rows, (row) => (row.kind === "let" || row.kind === "claim" ? row.kind : undefined)))
    alignCode(run);
  for (const run of runs(rows, (row) => (row.code !== "" && row.comment !== undefined ? "comment" : undefined))) {
    const width = widest(run.map((row) => row.code));
    for (const row of run) row.code = row.code.padEnd(width);
  }
  const lines = rows.map(({ code, comment, indent }) => {
    const gap = code === "" || comment === undefined ? "" : "  ";
    return `${" ".repeat(indent)}${code}${gap}${comment ?? ""}`.trimEnd();
  });
  return {
    text: `${lines
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .replace(/^\n+|\n+$/g, "")}\n`,
    diagnostics,
  };
}

/** One line of the text. */
interface Row {
  readonly kind: "let" | "claim" | "other";
  /** What is aligned on its own: the code up to `=` or `expect`, and the rest. */
  readonly cells: readonly [string, string];
  readonly indent: number;
  code: string;
  readonly comment: string | undefined;
}

function physicalLines(text: string, file: string): Row[] {
  const { lines, tokens } = lex(text, file);
  const starts = new Set(lines.map(([first]) => first));
  const rows: Row[] = [];
  let depth = 0;
  let row: IToken[] = [];
  const finish = (): void => {
    const code = row.filter((token) => token.tokenType !== t.Comment);
    rows.push(
      makeRow(code, row.find((token) => token.tokenType === t.Comment)?.image.trimEnd(), starts.has(code[0]!), depth),
    );
    for (const { tokenType } of code) depth += tokenType === t.LeftBrace ? 1 : tokenType === t.RightBrace ? -1 : 0;
    row = [];
  };
  for (const token of tokens) {
    if (token.tokenType === t.NewLine) finish();
    else row.push(token);
  }
  if (row.length > 0) finish();
  return rows;
}

function makeRow(code: readonly IToken[], comment: string | undefined, isStart: boolean, depth: number): Row {
  const [first] = code;
  if (first === undefined) return { kind: "other", cells: ["", ""], indent: 2 * depth, code: "", comment };
  if (!isStart) {
    const indent = first.tokenType === t.RightBrace ? 2 * (depth - 1) : 2 * Math.max(1, depth);
    return { kind: "other", cells: ["", ""], indent, code: joined(code), comment };
  }
  const cut = first.tokenType === t.Let ? t.Equals : t.Expect;
  const index = code.findIndex(({ tokenType }) => tokenType === cut);
  const cells: [string, string] =
    index < 0 ? [joined(code), ""] : [joined(code.slice(0, index)), joined(code.slice(index))];
  const declares = t.DECLARATION_KEYWORDS.includes(first.tokenType) && first.tokenType !== t.Claim;
  const kind = first.tokenType === t.Let ? "let" : declares && index < 0 ? "other" : "claim";
  return { kind, cells, indent: 0, code: joined(code), comment };
}

function joined(tokens: readonly IToken[]): string {
  return tokens
    .map((token, index) => (index === 0 || isGlued(tokens[index - 1]!, token) ? "" : " ") + token.image)
    .join("");
}

function isGlued(left: IToken, right: IToken): boolean {
  return (
    [t.Dot, t.Minus].includes(left.tokenType) || [t.Dot, t.Minus, t.Comma, t.Colon, t.Percent].includes(right.tokenType)
  );
}

function alignCode(run: readonly Row[]): void {
  const split = run.filter(({ cells }) => cells[1] !== "");
  const width = widest(split.map(({ cells }) => cells[0]));
  for (const row of split) row.code = `${row.cells[0].padEnd(width)}${row.kind === "let" ? " " : "  "}${row.cells[1]}`;
}

/** Neighbouring rows of one kind, in pieces; rows without a kind belong to none. */
function runs(rows: readonly Row[], kindOf: (row: Row) => string | undefined): Row[][] {
  const pieces: Row[][] = [];
  let last: string | undefined;
  for (const row of rows) {
    const kind = kindOf(row);
    if (kind !== undefined && kind === last) pieces.at(-1)!.push(row);
    else if (kind !== undefined) pieces.push([row]);
    last = kind;
  }
  return pieces;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
