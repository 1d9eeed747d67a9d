import { tokenMatcher, type IToken, type TokenType } from "chevrotain";
import * as t from "./syntax/tokens.ts";

/** Where a space stands between two words or signs of a file. */
export class Spacing {
  /** In an expression `-` is a word apart; in a range it joins. */
  readonly #expressions = new Set<IToken>();
  /** A `-` that belongs to what follows it. */
  readonly #signs = new Set<IToken>();

  constructor(lines: readonly (readonly IToken[])[]) {
    for (const line of lines) this.#readLine(line);
  }

  joined(tokens: readonly IToken[]): string {
    return tokens
      .map((token, index) => {
        const before = tokens[index - 1];
        const space = before === undefined || this.#isGlued(before, token) ? "" : " ";
        return space + (PHRASES.has(token.tokenType) ? token.image.replace(/\s+/g, " ") : token.image);
      })
      .join("");
  }

  #readLine(line: readonly IToken[]): void {
    let inside = DEFINITIONS.has(line[0]!.tokenType);
    line.forEach((token, index) => {
      const type = token.tokenType;
      if (type === t.EqualsVerb || type === t.When) inside = true;
      else if (ENDS.has(type)) inside = false;
      if (!inside) return;
      this.#expressions.add(token);
      if (type === t.Minus && !isOperandEnd(line[index - 1]!)) this.#signs.add(token);
    });
  }

  #isGlued(left: IToken, right: IToken): boolean {
    const [before, after] = [left.tokenType, right.tokenType];
    if (after === t.RightParen || before === t.LeftParen || this.#signs.has(left)) return true;
    if (after === t.LeftParen) return FUNCTIONS.has(before);
    if (before === t.Dot || after === t.Dot || after === t.Comma || after === t.Colon || after === t.Percent)
      return true;
    const joins = (token: IToken): boolean => token.tokenType === t.Minus && !this.#expressions.has(token);
    return joins(left) || joins(right);
  }
}

/** Whether a `-` after this takes something away, as opposed to being a sign. */
function isOperandEnd(token: IToken): boolean {
  return OPERAND_ENDS.has(token.tokenType) || tokenMatcher(token, t.PlainWord);
}

const DEFINITIONS = new Set<TokenType>([t.Feature, t.PositionWord, t.Nuisance]);
const ENDS = new Set<TokenType>([t.Expect, t.AnyIndex, t.WithNormsHeld]);
const OPERAND_ENDS = new Set<TokenType>([t.NumberToken, t.Text, t.Regex, t.RightParen, t.True, t.False]);
const PHRASES = new Set<TokenType>([t.DoesNotAffect, t.ExceptThrough, t.AnyIndex, t.WithNormsHeld]);
const FUNCTIONS = new Set<TokenType>([t.Count, t.TokenWord, t.IndexWord, t.Feature, t.Length, t.Min, t.Max, t.Abs]);
