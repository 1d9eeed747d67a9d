import { InputError, JsonValue } from "@filigree/sites";
import { BYTE_CHARACTERS } from "./byte-alphabet.ts";
import { byteLevelFile, END_OF_TEXT } from "./byte-level-file.ts";
import type { SplitStep } from "./pre-tokens.ts";

/**
 * How text is cut before merging by OpenAI's `tinypython` vocabulary: a run of letters with one character before it;
 * up to three digits; punctuation with one space before it; line breaks; blank space.
 */
const TINYPYTHON_SPLIT: SplitStep = {
  type: "Split",
  pattern: {
    Regex: [
      String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
      String.raw`\p{N}{1,3}`,
      String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
      String.raw`\s*[\r\n]+`,
      String.raw`\s+(?!\S)`,
      String.raw`\s+`,
    ].join("|"),
  },
  behavior: "Isolated",
  invert: false,
};

/** Vocabularies of up to so many tokens are tinypython's; larger ones are cut by GPT-2's own pattern. */
const TINYPYTHON_SIZE = 2048;

/**
 * The text of a `tokenizer.json` for a vocabulary in GPT-2's two files, such as OpenAI published for its weight-sparse
 * models: `encoder.json` (token → id, in the byte alphabet) and `vocab.bpe` (a merge a line). Where the vocabulary has
 * no `<|endoftext|>`, that is the id after its last.
 *
 * @param files the texts of the two files
 * @param where the first file's name, for errors
 * @throws InputError where a file is malformed.
 */
export function tokenizerFromVocabulary(
  files: { readonly vocabulary: string; readonly merges: string },
  where: string,
): string {
  const vocabulary = new Map(
    JsonValue.parse(files.vocabulary, where)
      .entries()
      .map(([token, id]): [string, number] => [token, id.index()]),
  );
  if (!vocabulary.has(END_OF_TEXT)) vocabulary.set(END_OF_TEXT, Math.max(-1, ...vocabulary.values()) + 1);
  const missing = BYTE_CHARACTERS.filter((character) => !vocabulary.has(character));
  if (missing.length > 0) {
    const what = `${missing.length} of the 256 bytes have no token, such as ${JSON.stringify(missing[0])}`;
    throw new InputError({ what, where, expected: "a byte-level vocabulary, as GPT-2's encoder.json" });
  }
  const lines = files.merges.split(/\r?\n/u).filter((line) => line !== "" && !line.startsWith("#version"));
  const merges = lines.map((line): [string, string] => {
    const [left, right, ...rest] = line.split(" ");
    if (left && right && rest.length === 0) return [left, right];
    const what = `the merge ${JSON.stringify(line)} is not two tokens`;
    throw new InputError({ what, where: `the merges beside ${where}`, expected: "two tokens and a space between" });
  });
  const tinypython = vocabulary.size <= TINYPYTHON_SIZE;
  return byteLevelFile({
    vocabulary,
    merges,
    endOfText: vocabulary.get(END_OF_TEXT)!,
    steps: tinypython ? [TINYPYTHON_SPLIT] : [],
    gpt2Pattern: !tinypython,
  });
}
