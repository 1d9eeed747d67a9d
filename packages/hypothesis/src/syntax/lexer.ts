import { Lexer, type IToken } from "chevrotain";
import type { Diagnostic } from "../diagnostic.ts";
import { logicalLines } from "./logical-lines.ts";
import { spanOf } from "./span.ts";
import { ALL_TOKENS, UnclosedNode, UnclosedRegex, UnclosedText } from "./tokens.ts";

const lexer = new Lexer(ALL_TOKENS, { positionTracking: "full", ensureOptimizations: true });

/** A text cut into tokens. */
export interface Lexed {
  /** The logical lines that hold anything: one declaration or statement each, without their ends. */
  readonly lines: readonly IToken[][];
  /** Every token in the order of the text, line ends among them, without comments. */
  readonly tokens: readonly IToken[];
  readonly comments: readonly IToken[];
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Cuts a text into logical lines. Any text can be cut: what cannot be read is left out with a diagnostic. */
export function lex(text: string, file: string): Lexed {
  const { tokens, groups, errors } = lexer.tokenize(text);
  const diagnostics = errors.map(({ offset, length, line = 1, column = 1 }): Diagnostic => {
    const characters = text.slice(offset, offset + length).trim();
    const shown = characters.length > 30 ? `${characters.slice(0, 30)}…` : characters;
    const message = `${JSON.stringify(shown)} means nothing here`;
    const span = { start: offset, end: offset + length, line, column };
    return { code: "unexpected-character", severity: "error", message, span, file };
  });
  for (const token of tokens) {
    const mark = UNCLOSED.get(token.tokenType);
    if (mark !== undefined) diagnostics.push(unclosed(token, mark, file));
  }
  diagnostics.sort((a, b) => a.span.start - b.span.start);
  return { lines: logicalLines(tokens), tokens, comments: groups["comments"] ?? [], diagnostics };
}

const UNCLOSED = new Map([
  [UnclosedText, '"'],
  [UnclosedNode, "`"],
  [UnclosedRegex, "/"],
]);

function unclosed(token: IToken, mark: string, file: string): Diagnostic {
  return {
    code: "unclosed-text",
    severity: "error",
    message: `this ${mark} has no partner on its line`,
    hint: `close it with ${mark}`,
    span: spanOf(token),
    file,
  };
}

/** What a text in quotes says. */
export function unquote(image: string): string {
  const closed = image.length > 1 && image.endsWith('"');
  return image.slice(1, closed ? -1 : undefined).replace(/\\(["\\])/g, "$1");
}
