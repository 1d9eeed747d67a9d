import type { IToken } from "chevrotain";
import type { Span } from "../diagnostic.ts";

export function spanOf(token: IToken): Span {
  return {
    start: token.startOffset,
    end: (token.endOffset ?? token.startOffset) + 1,
    line: token.startLine ?? 1,
    column: token.startColumn ?? 1,
  };
}

/** From the beginning of the first to the end of the second. */
export function spanFrom(first: Span, last: Span): Span {
  const { start, line, column } = first;
  return { start, end: Math.max(first.end, last.end), line, column };
}
