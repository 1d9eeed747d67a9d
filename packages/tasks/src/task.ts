/** The value of a feature in one example. */
export type FeatureValue = string | number | boolean;

export type Split = "dev" | "test";

/** One prompt with the answer that should follow. */
export interface Example {
  /** `[seq]`: token ids of the prompt, unpadded. */
  readonly ids: readonly number[];
  /** Output id of the right answer; in a numeric task the right number itself. */
  readonly answer: number;
  /** Output id of the one wrong answer, where this example has exactly one. */
  readonly foil?: number;
  /** Index into `ids` at which the answer is read. */
  readonly position: number;
  /** Values of the task's features, every feature of the task. */
  readonly features: Readonly<Record<string, FeatureValue>>;
  /** Index into `ids` of each named position that this example has; `last` always. */
  readonly positions: Readonly<Record<string, number>>;
  /** Index of the contrast partner within the task's examples. */
  readonly pair?: number;
  /** What the prompt was made from; examples of one template are not independent of each other. */
  readonly template: string;
  readonly split: Split;
}

/** A property of one example, such as which quote opened the string. */
export interface Feature {
  /** In normal form, see {@link normalName}. */
  readonly name: string;
  /** Whether it should not matter for the answer. */
  readonly nuisance: boolean;
  /** The position at which the prompt shows it, where there is one. */
  readonly anchor?: string;
}

export interface Task {
  readonly name: string;
  /** Output ids of the possible answers (two for a two-way choice); empty for a numeric task. */
  readonly answers: readonly number[];
  /** Whether the answer is the number that output channel 0 gives, not a choice among tokens. */
  readonly numeric: boolean;
  readonly features: readonly Feature[];
  /** Names that occur in the `positions` of some example, in normal form. `first`, `all` and indices need no name. */
  readonly positionNames: readonly string[];
  readonly examples: readonly Example[];
  /** sha256 over answers, features and examples, in hexadecimal. */
  readonly hash: string;
}

/**
 * The normal form of a feature's or position's name: words separated by single spaces, so that `quote type`,
 * `quote_type` and `quote-type` are one name.
 */
export function normalName(name: string): string {
  return name.replace(/[-_\s]+/gu, " ").trim();
}
