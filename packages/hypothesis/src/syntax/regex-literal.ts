import type { IToken } from "chevrotain";

/*
 * A `/` begins a regular expression only where a pattern can stand: after `matching`, after `matches`
 * and in `count(`. Elsewhere it divides.
 */

// Backslashes escape; inside [ ] a slash means itself. `//` is always a comment.
const CLOSED = /\/(?!\/)(?:\\[^\r\n]|\[(?:\\[^\r\n]|[^\]\\\r\n])*\]|[^/[\\\r\n])+\//y;
const UNCLOSED = /\/(?!\/)[^\r\n]*/y;

export function matchRegex(text: string, offset: number, before: IToken[]): RegExpExecArray | null {
  return isPatternPlace(before) ? matchAt(CLOSED, text, offset) : null;
}

export function matchUnclosedRegex(text: string, offset: number, before: IToken[]): RegExpExecArray | null {
  return isPatternPlace(before) ? matchAt(UNCLOSED, text, offset) : null;
}

function isPatternPlace(before: readonly IToken[]): boolean {
  const [callee, last] = [before.at(-2), before.at(-1)];
  if (last?.image === "(") return callee?.image === "count";
  return last?.image === "matching" || last?.image === "matches";
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}
