import type { Tokenizer } from "@filigree/core";
import type { Example } from "../task.ts";
import { CutText } from "./cut-text.ts";
import type { Draft, Piece } from "./definition.ts";

/** What a draft alone tells of an example. */
export type EncodedDraft = Omit<Example, "pair" | "template" | "split">;

/** Why a vocabulary cannot express a draft, for a person: what it cuts how. */
export interface Refusal {
  readonly refusal: string;
}

/** What a draft is expressed in. */
export interface DraftLimits {
  readonly tokenizer: Tokenizer;
  readonly maxTokens: number;
  /** Number of output ids. */
  readonly outSize: number;
}

/**
 * The example that a draft becomes in a vocabulary, or why there is none. The prompt is cut together with what follows
 * it, as it would be inside a file, once with the answer and once with the foil; it must come out the same in both.
 */
export function encodeDraft(draft: Draft, { tokenizer, maxTokens, outSize }: DraftLimits): EncodedDraft | Refusal {
  const pieces = draft.prompt.map((piece): Piece => (typeof piece === "string" ? { text: piece } : piece));
  const prompt = pieces.map((piece) => piece.text).join("");
  const right = new CutText(prompt + draft.answer, tokenizer);
  const wrong = new CutText(prompt + draft.foil, tokenizer);
  const common = right.ids.findIndex((id, index) => id !== wrong.ids[index]);
  if (common < 0 || common >= wrong.ids.length) {
    return refuse(`${quoted(draft.answer)} and ${quoted(draft.foil)} begin with the same tokens`);
  }
  for (const [cut, completion] of [[right, draft.answer] as const, [wrong, draft.foil] as const]) {
    const own = cut.tokensUpTo(prompt.length);
    if (own !== undefined && own <= common) continue;
    const token = quoted(cut.textAt(prompt.length));
    return refuse(`it cuts ${token} as one token, where the prompt must end and ${quoted(completion)} begin`);
  }
  if (common > maxTokens) return refuse(`prompts have more than ${maxTokens} tokens`);
  const [answer, foil] = [right.ids[common]!, wrong.ids[common]!];
  if (answer >= outSize || foil >= outSize) {
    return refuse(`the tokens of ${quoted(draft.answer)} and ${quoted(draft.foil)} are no outputs of the model`);
  }
  const positions: Record<string, number> = {};
  let end = 0;
  for (const { text, position, tokens } of pieces) {
    const start = end;
    end += text.length;
    if (tokens !== undefined && right.tokensIn(start, end) < tokens.atLeast) {
      return refuse(`it cuts a stretch into fewer than ${tokens.atLeast} tokens`);
    }
    if (position !== undefined) positions[position] = right.tokenAt(start + (text.trimEnd() || text).length - 1);
  }
  const last = common - 1;
  const ids = right.ids.slice(0, common);
  return { ids, answer, foil, position: last, features: draft.features, positions: { ...positions, last } };
}

function refuse(refusal: string): Refusal {
  return { refusal };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
