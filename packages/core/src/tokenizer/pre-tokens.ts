import { SplitPreTokenizer } from "./hugging-face.ts";

/**
 * How source text is cut before byte-pair merging; no merge crosses a cut. In order of precedence:
 *
 * 1. line breaks with the indentation that follows them (`\n        ` is one piece, so one token for common depths);
 * 2. letters and underscores, with one space before them (`self`, ` file_name`);
 * 3. up to three digits, with one space before them;
 * 4. an opening bracket with its quote (`("`, `('`) or a quote with its closing bracket (`")`, `')`), always alone, so
 *    that these four are tokens that a person and a circuit can read;
 * 5. other punctuation, with one space before it, stopping where one of those four begins;
 * 6. what is left of blank space: all but its last character, which the word after it takes.
 *
 * Written in the syntax that Oniguruma (the `tokenizers` crate) and JavaScript share.
 */
const CODE_PATTERN = [
  String.raw`[\r\n]+[ \t]*`,
  String.raw` ?[\p{L}_]+`,
  String.raw` ?\p{N}{1,3}`,
  String.raw`\(["']|["']\)`,
  String.raw` ?(?:(?!\(["']|["']\))[^\s\p{L}\p{N}_])+`,
  String.raw`[^\S\r\n]+(?!\S)|[^\S\r\n]+`,
].join("|");

/** The `Split` step that a trained `tokenizer.json` holds. */
export const CODE_SPLIT = {
  type: "Split",
  pattern: { Regex: CODE_PATTERN },
  behavior: "Isolated",
  invert: false,
} as const;

/** A step that cuts text; its `pattern` is checked by whoever parsed it. */
export interface SplitStep {
  readonly type: "Split";
  readonly pattern: { readonly Regex: string } | { readonly String: string };
  readonly behavior: string;
  readonly invert: boolean;
}

/**
 * Returns the function that cuts a text into pre-tokens by the given steps, each step cutting the pieces of the one
 * before. The pieces joined are the text. Throws SyntaxError where a pattern cannot be compiled.
 */
export function splitter(steps: readonly SplitStep[]): (text: string) => readonly string[] {
  const splits = steps.map((step) => new SplitPreTokenizer(step));
  return (text) =>
    splits.reduce<string[]>((pieces, split) => pieces.flatMap((piece) => split.pre_tokenize_text(piece)), [text]);
}
