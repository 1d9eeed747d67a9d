import type { RandomStream } from "@filigree/core";
import type { Feature, FeatureValue, Split } from "../task.ts";

/** A stretch of a prompt about which something must hold once it is cut into tokens. */
export interface Piece {
  readonly text: string;
  /** Name of the position of its last token: the one that holds its last character that is not blank. */
  readonly position?: string;
  /** Fewest tokens that it must be. */
  readonly tokens?: { readonly atLeast: number };
}

/** A prompt before it is cut into tokens. */
export interface Draft {
  readonly prompt: readonly (string | Piece)[];
  /**
   * A text that would follow, and one that would be wrong. The answer's token is the first in which the two differ;
   * tokens that both begin with are added to the prompt.
   */
  readonly answer: string;
  readonly foil: string;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** The text of a prompt. */
export function textOf(prompt: Draft["prompt"]): string {
  return prompt.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("");
}

/** A prompt and its contrast partner; `template` is what they were made from. */
export interface DraftPair {
  readonly template: string;
  readonly drafts: readonly [Draft, Draft];
}

/** Where prompts come from: a prompt and its contrast partner at a time. */
export interface PromptSource {
  /** What it is, for messages: `test prompts from templates`. */
  readonly name: string;
  readonly split: Split;
  /** How many pairs are taken, where there are so many. */
  readonly pairs: number;
  /** The pairs, in the order in which they are tried. May go on for ever. */
  readonly drafts: (random: RandomStream) => Iterable<DraftPair>;
}

/** A task that any vocabulary may try to express; `defineTask` makes one from templates. */
export interface TaskDefinition {
  /** As written after `task` in a hypothesis. */
  readonly name: string;
  /** One plain sentence. */
  readonly summary: string;
  readonly features: readonly Feature[];
  /** Names of positions, beside `first`, `last`, `all` and indices. */
  readonly positions: readonly string[];
  /** Longest prompt, in tokens. A model with a shorter block gets shorter prompts. */
  readonly maxTokens: number;
  readonly sources: readonly PromptSource[];
}
