import type { IToken, TokenType } from "chevrotain";
import type { Diagnostic } from "./diagnostic.ts";
import { lex } from "./syntax/lexer.ts";
import { parseCircuit } from "./syntax/parse.ts";
import { Spacing } from "./spacing.ts";
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
  for (const run of runs(rows, (row) => (row.kind === "other" ? undefined : row.kind))) alignCode(run);
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
  /** Neighbours of one kind are aligned with each other. */
  readonly kind: "let" | "feature" | "position" | "claim" | "other";
  /** What is aligned on its own: the code up to `=` or `expect`, and the rest. */
  readonly cells: readonly [string, string];
  readonly indent: number;
  code: string;
  readonly comment: string | undefined;
}

function physicalLines(text: string, file: string): Row[] {
  const { lines, tokens, comments } = lex(text, file);
  const starts = new Set(lines.map(([first]) => first));
  const spaces = new Spacing(lines);
  const rows: Row[] = [];
  let rivals = 0;
  let depth = 0;
  let row: IToken[] = [];
  let comment = 0;
  const finish = (end: number): void => {
    const note = (comments[comment]?.startOffset ?? end) < end ? comments[comment++]!.image.trimEnd() : undefined;
    rows.push(makeRow(row, note, starts.has(row[0]!), { rivals, depth }, spaces));
    for (const [index, token] of row.entries()) {
      const { tokenType } = token;
      if (starts.has(token) && tokenType === t.Rival) rivals++;
      else if (starts.has(token) && tokenType === t.RightBrace) rivals--;
      else if (tokenType === t.LeftBrace && row[index - 2]?.tokenType !== t.Rival) depth++;
      else if (tokenType === t.RightBrace) depth--;
    }
    row = [];
  };
  for (const token of tokens) {
    if (token.tokenType === t.NewLine) finish(token.startOffset);
    else row.push(token);
  }
  if (row.length > 0 || comment < comments.length) finish(text.length);
  return rows;
}

/** Where the cells of a line part, by its first word. */
const CUTS = new Map<TokenType, [Row["kind"], TokenType]>([
  [t.Let, ["let", t.Assign]],
  [t.Feature, ["feature", t.Assign]],
  [t.PositionWord, ["position", t.Assign]],
]);

function makeRow(
  code: readonly IToken[],
  comment: string | undefined,
  isStart: boolean,
  { rivals, depth }: { rivals: number; depth: number },
  spaces: Spacing,
): Row {
  const [first] = code;
  const bare = { cells: ["", ""] as const, comment };
  if (first === undefined) return { kind: "other", ...bare, indent: 2 * (rivals + depth), code: "" };
  const closes = first.tokenType === t.RightBrace;
  const written = spaces.joined(code);
  if (!isStart) {
    const indent = 2 * (rivals + (closes ? depth - 1 : Math.max(1, depth)));
    return { kind: "other", ...bare, indent, code: written };
  }
  const declares = t.DECLARATION_KEYWORDS.includes(first.tokenType) && first.tokenType !== t.Claim;
  const [kind, cut] = CUTS.get(first.tokenType) ?? [declares ? "other" : "claim", t.Expect];
  const index = code.findIndex(({ tokenType }) => tokenType === cut);
  const cells: [string, string] =
    index < 0 ? [written, ""] : [spaces.joined(code.slice(0, index)), spaces.joined(code.slice(index))];
  // `circuit is sufficient` begins as a title does.
  const claims = kind === "claim" || (kind === "other" && index >= 0);
  return {
    kind: closes ? "other" : claims ? "claim" : kind,
    cells,
    indent: 2 * (closes ? rivals - 1 : rivals),
    code: written,
    comment,
  };
}

function alignCode(run: readonly Row[]): void {
  const split = run.filter(({ cells }) => cells[1] !== "");
  const width = widest(split.map(({ cells }) => cells[0]));
  for (const row of split)
    row.code = `${row.cells[0].padEnd(width)}${row.kind === "claim" ? "  " : " "}${row.cells[1]}`;
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
