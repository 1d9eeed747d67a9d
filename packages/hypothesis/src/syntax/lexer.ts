import { Lexer, type IToken } from "chevrotain";
import type { Diagnostic } from "../diagnostic.ts";
import { spanOf } from "./span.ts";
import {
  ALL_TOKENS,
  Colon,
  Comma,
  CONTINUATION_TOKENS,
  DECLARATION_KEYWORDS,
  LeftBrace,
  NewLine,
  Plus,
  RightBrace,
  UnclosedNode,
  UnclosedText,
} from "./tokens.ts";

const lexer = new Lexer(ALL_TOKENS, { positionTracking: "full", ensureOptimizations: true });

/** A text cut into tokens. */
export interface Lexed {
  /** The logical lines that hold anything: one declaration or statement each, without their ends. */
  readonly lines: readonly (readonly IToken[])[];
  /** Every token and comment in the order of the text, line ends among them. */
  readonly tokens: readonly IToken[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Cuts a text into logical lines. Any text can be cut: what cannot be read is left out with a diagnostic. */
export function lex(text: string, file: string): Lexed {
  const { tokens, groups, errors } = lexer.tokenize(text);
  const unread = errors.map(({ offset, length, line = 1, column = 1 }): Diagnostic => {
    const characters = text.slice(offset, offset + length).trim();
    const message = `${JSON.stringify(characters)} means nothing here`;
    const span = { start: offset, end: offset + length, line, column };
    return { code: "unexpected-character", severity: "error", message, span, file };
  });
  const unclosed = tokens
    .filter((token) => token.tokenType === UnclosedText || token.tokenType === UnclosedNode)
    .map((token): Diagnostic => {
      const mark = token.tokenType === UnclosedText ? '"' : "`";
      const message = `this ${mark} has no partner on its line`;
      return {
        code: "unclosed-text",
        severity: "error",
        message,
        hint: `close it with ${mark}`,
        span: spanOf(token),
        file,
      };
    });
  const all = [...tokens, ...(groups["comments"] ?? [])].sort((a, b) => a.startOffset - b.startOffset);
  return { lines: logicalLines(tokens), tokens: all, diagnostics: [...unread, ...unclosed] };
}

/**
 * Joins a line to the one before it where that one cannot have ended (an open `{`, a `+`, `,` or
 * `:` at its end) or this one cannot begin anything (`expect`, `from`, `and` …).
 */
function logicalLines(tokens: readonly IToken[]): IToken[][] {
  const lines: IToken[][] = [];
  let openBraces = 0;
  let ended = true;
  for (const token of tokens) {
    if (token.tokenType === NewLine) {
      ended = true;
      continue;
    }
    const line = lines.at(-1);
    const last = line?.at(-1);
    const continues =
      line !== undefined &&
      last !== undefined &&
      ((openBraces > 0 && !DECLARATION_KEYWORDS.includes(token.tokenType)) ||
        [Plus, Comma, Colon].includes(last.tokenType) ||
        CONTINUATION_TOKENS.includes(token.tokenType));
    if (ended && !continues) {
      lines.push([]);
      openBraces = 0;
    }
    ended = false;
    if (token.tokenType === LeftBrace) openBraces++;
    if (token.tokenType === RightBrace) openBraces = Math.max(0, openBraces - 1);
    lines.at(-1)!.push(token);
  }
  return lines;
}

/** What a text in quotes says. */
export function unquote(image: string): string {
  const closed = image.length > 1 && image.endsWith('"');
  return image.slice(1, closed ? -1 : undefined).replace(/\\(["\\])/g, "$1");
}
