import type { Tokenizer } from "@filigree/core";
import type { Example, Split } from "../task.ts";
import type { Draft, Piece, TaskDefinition } from "./definition.ts";

/**
 * The example that a draft becomes in a vocabulary, or undefined where the vocabulary cuts it differently from what the
 * draft asks: a piece that is not made of whole tokens or not of so many, an answer that is not the next token, a
 * prompt that is too long.
 *
 * The prompt is cut together with its answer, as one text, and must come out as it does on its own.
 */
export function encodeDraft(
  draft: Draft,
  definition: TaskDefinition,
  tokenizer: Tokenizer,
  origin: { template: string; split: Split },
): Example | undefined {
  const pieces = draft.prompt.map((piece): Piece => (typeof piece === "string" ? { text: piece } : piece));
  const text = pieces.map((piece) => piece.text).join("");
  const ids = tokenizer.encode(text);
  const answer = tokenizer.id(draft.answer)!;
  if (ids.length === 0 || ids.length > definition.maxTokens) return undefined;
  if (!equal(tokenizer.encode(text + draft.answer), [...ids, answer])) return undefined;

  const positions: Record<string, number> = {};
  let before = "";
  for (const piece of pieces) {
    const after = before + piece.text;
    if (piece.position !== undefined || piece.tokens !== undefined) {
      const start = tokensBefore(before, ids, tokenizer);
      const end = tokensBefore(after, ids, tokenizer);
      if (start === undefined || end === undefined || end === start) return undefined;
      if (piece.tokens === "one" && end - start !== 1) return undefined;
      if (typeof piece.tokens === "object" && end - start < piece.tokens.atLeast) return undefined;
      if (piece.position !== undefined) positions[piece.position] = end - 1;
    }
    before = after;
  }
  const last = ids.length - 1;
  return {
    ids,
    answer,
    foil: tokenizer.id(draft.foil)!,
    position: last,
    features: draft.features,
    positions: { ...positions, last },
    ...origin,
  };
}

/** How many tokens a beginning of the text is, or undefined where it ends inside a token. */
function tokensBefore(beginning: string, ids: readonly number[], tokenizer: Tokenizer): number | undefined {
  const own = tokenizer.encode(beginning);
  return equal(own, ids.slice(0, own.length)) ? own.length : undefined;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
