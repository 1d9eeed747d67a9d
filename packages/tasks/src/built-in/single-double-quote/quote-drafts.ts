import type { Draft } from "../../define/definition.ts";

export type QuoteType = "single" | "double";

/** What opens a call and its string. */
export const OPENERS: Readonly<Record<QuoteType, string>> = { single: "('", double: '("' };

/** What closes them. */
export const ANSWERS: Readonly<Record<QuoteType, string>> = { single: "')", double: '")' };

/**
 * The two prompts of a line, single quote first; they differ in the opener alone.
 *
 * Each begins with the line break before the line, since a vocabulary cuts a line break and the indentation after it as
 * one token; without it the indentation would be cut as it never is inside a file.
 */
export function quoteDrafts({ before, body }: { before: string; body: string }): readonly [Draft, Draft] {
  const draft = (own: QuoteType, other: QuoteType): Draft => ({
    prompt: [`\n${before}`, { text: OPENERS[own], position: "opener" }, { text: body, tokens: { atLeast: 4 } }],
    answer: ANSWERS[own],
    foil: ANSWERS[other],
    features: { "quote type": own, "string body": body },
  });
  return [draft("single", "double"), draft("double", "single")];
}
