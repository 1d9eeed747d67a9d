import type { RandomStream } from "@filigree/core";
import type { Feature, FeatureValue, Split } from "../task.ts";

/** A stretch of a prompt about which something must hold once it is cut into tokens. */
export interface Piece {
  readonly text: string;
  /** Name of the position of its last token. */
  readonly position?: string;
  /** Number of tokens that it must be: exactly one, or at least so many. */
  readonly tokens?: "one" | { readonly atLeast: number };
}

/** A prompt before it is cut into tokens. Pieces must begin and end where tokens do. */
export interface Draft {
  readonly prompt: readonly (string | Piece)[];
  /** The token that follows the prompt. */
  readonly answer: string;
  readonly foil: string;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** Where prompts come from: a prompt and its contrast partner at a time. */
export interface Source {
  /** What it is, for messages: `test prompts from templates`. */
  readonly name: string;
  readonly split: Split;
  /** How many pairs are taken, where there are so many. */
  readonly pairs: number;
  /** The pairs, in the order in which they are tried; `template` is what a pair was made from. */
  readonly drafts: (random: RandomStream) => Iterable<{ template: string; drafts: readonly [Draft, Draft] }>;
}

/** A built-in task as data: what a new one states, in one file. */
export interface TaskDefinition {
  /** As written after `task` in a hypothesis. */
  readonly name: string;
  /** One plain sentence. */
  readonly summary: string;
  /** A prompt for `listTasks`, with the answer that should follow. */
  readonly example: { readonly prompt: string; readonly answer: string };
  /** Tokens among which the answer is chosen. */
  readonly answers: readonly string[];
  /** Tokens other than the answers that the vocabulary must hold. */
  readonly tokens: readonly string[];
  readonly features: readonly Feature[];
  readonly positions: readonly string[];
  /** Longest prompt, in tokens. */
  readonly maxTokens: number;
  /** Fewest pairs that each source must yield for the task to be of use. */
  readonly minPairs: number;
  readonly sources: readonly Source[];
}
