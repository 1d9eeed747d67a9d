import type { RandomStream } from "@filigree/core";
import type { Example } from "../task.ts";
import { textOf, type DraftPair, type PromptSource } from "./definition.ts";
import { encodeDraft, type DraftLimits } from "./encode-draft.ts";

/** A prompt and its contrast partner in a vocabulary. */
export interface Pair {
  readonly examples: readonly [Example, Example];
  /** The answers as texts. */
  readonly answers: readonly [string, string];
}

/** What became of a source's pairs in a vocabulary. */
export interface Tried {
  readonly source: PromptSource;
  readonly pairs: readonly Pair[];
  /** How often a pair was refused for which reason. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** So many pairs of equal length are enough for one that is wanted: some are left out for their answers' tokens. */
const ENOUGH = 1.2;

/** So many pairs are tried for one that is wanted, in the hope for pairs of equal length. */
const TRIES = 2;

/** A source that repeats itself is given up after so many pairs for one that is wanted. */
const MOST_DRAFTS = 16;

/**
 * The pairs of a source that a vocabulary can express, no prompt twice: enough in which both prompts have equally many
 * tokens, else some more than are wanted.
 *
 * @param seen the prompts so far, as text; new ones are added
 */
export function tryPairs(source: PromptSource, limits: DraftLimits, random: RandomStream, seen: Set<string>): Tried {
  const pairs: Pair[] = [];
  const refusals = new Map<string, number>();
  let [drawn, tries, equal] = [0, 0, 0];
  for (const pair of source.drafts(random)) {
    if (equal >= ENOUGH * source.pairs || tries >= TRIES * source.pairs || drawn++ >= MOST_DRAFTS * source.pairs) break;
    const texts = pair.drafts.map(({ prompt }) => textOf(prompt));
    if (texts.some((text) => seen.has(text))) continue;
    for (const text of texts) seen.add(text);
    tries++;
    const encoded = encodePair(pair, source, limits);
    if ("refusal" in encoded) {
      refusals.set(encoded.refusal, (refusals.get(encoded.refusal) ?? 0) + 1);
    } else {
      pairs.push(encoded);
      if (hasEqualLength(encoded)) equal++;
    }
  }
  return { source, pairs, refusals };
}

/** Whether a swap of one prompt's activations into the other finds every token at the same place. */
export function hasEqualLength({ examples: [first, second] }: Pair): boolean {
  return first.ids.length === second.ids.length;
}

function encodePair({ template, drafts }: DraftPair, { split }: PromptSource, limits: DraftLimits) {
  const [first, second] = [encodeDraft(drafts[0], limits), encodeDraft(drafts[1], limits)];
  if ("refusal" in first) return first;
  if ("refusal" in second) return second;
  if (first.answer !== second.foil || first.foil !== second.answer) {
    return { refusal: "it cuts the two answers differently after the two prompts of a pair" };
  }
  const origin = { template, split };
  return {
    examples: [
      { ...first, ...origin },
      { ...second, ...origin },
    ],
    answers: [drafts[0].answer, drafts[1].answer],
  } satisfies Pair;
}
