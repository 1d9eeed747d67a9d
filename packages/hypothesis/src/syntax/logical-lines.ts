import type { IToken } from "chevrotain";
import * as t from "./tokens.ts";

const DECLARES = new Set(t.DECLARATION_KEYWORDS);
const CONTINUES = new Set(t.CONTINUATION_TOKENS);
const GOES_ON = new Set([t.Plus, t.Comma, t.Colon]);
const OPENS = new Set([t.LeftBrace, t.LeftParen]);
const CLOSES = new Set([t.RightBrace, t.RightParen]);

/**
 * Joins a line to the one before it where that one cannot have ended (an open `{` or `(`, a `+`, `,`
 * or `:` at its end) or this one cannot begin anything (`expect`, `from`, `and` …). A `rival` ends its
 * line at its `{`, and its `}` is a line of its own.
 */
export function logicalLines(tokens: readonly IToken[]): IToken[][] {
  const lines: IToken[][] = [];
  let line: IToken[] = [];
  let open = 0;
  let ended = true;
  let rivals = 0;
  const finish = (): void => {
    if (line.length > 0) lines.push(line);
    line = [];
    open = 0;
  };
  for (const token of tokens) {
    const type = token.tokenType;
    if (type === t.NewLine) {
      ended = true;
      continue;
    }
    if (ended && line.length > 0) {
      const joined = (open > 0 && !DECLARES.has(type)) || GOES_ON.has(line.at(-1)!.tokenType) || CONTINUES.has(type);
      if (!joined) finish();
    }
    ended = false;
    if (type === t.RightBrace && open === 0 && rivals > 0) {
      finish();
      line.push(token);
      finish();
      rivals--;
      continue;
    }
    line.push(token);
    if (type === t.LeftBrace && line[0]!.tokenType === t.Rival && line.length <= 3) {
      finish();
      rivals++;
    } else if (OPENS.has(type)) open++;
    else if (CLOSES.has(type)) open = Math.max(0, open - 1);
  }
  finish();
  return lines;
}
