import type { IToken } from "chevrotain";
import type { Diagnostic } from "../diagnostic.ts";
import { spanOf } from "./span.ts";
import * as t from "./tokens.ts";

/*
 * Files come from strangers. Brackets in brackets and endless expressions would exhaust the stack of
 * whoever walks their trees; no file that a person writes comes near these limits.
 */
const DEEPEST = 50;
const LONGEST_EXPRESSION = 500;

/** What makes a line too large to be read. */
export function sizeFault(line: readonly IToken[], file: string): Diagnostic | undefined {
  let depth = 0;
  let expression = EXPRESSION_LINES.has(line[0]!.tokenType) ? 0 : undefined;
  for (const token of line) {
    const type = token.tokenType;
    if (type === t.LeftBrace || type === t.LeftParen) depth++;
    else if (type === t.RightBrace || type === t.RightParen) depth--;
    else if (type === t.EqualsVerb || type === t.When) expression = 0;
    else if (type === t.Expect) expression = undefined;
    if (depth > DEEPEST) return tooLarge(token, `more than ${DEEPEST} brackets are open here`, file);
    if (expression === undefined) continue;
    expression++;
    if (expression > LONGEST_EXPRESSION) {
      return tooLarge(token, `an expression has at most ${LONGEST_EXPRESSION} words and signs`, file);
    }
  }
  return undefined;
}

const EXPRESSION_LINES = new Set([t.Feature, t.Nuisance]);

function tooLarge(token: IToken, message: string, file: string): Diagnostic {
  const hint = "give parts of it names of their own";
  return { code: "too-large", severity: "error", message, hint, span: spanOf(token), file };
}
