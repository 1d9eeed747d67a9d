import * as library from "@huggingface/tokenizers";

/*
 * The parts of @huggingface/tokenizers that are used here, typed by hand: the library's own typings import without file
 * extensions, so under Node's module resolution they come out empty.
 */

/** Cuts text; the pieces joined are the text. */
interface PreTokenizer {
  pre_tokenize_text(text: string): string[];
}

interface LibraryTokenizer {
  readonly model: { encode(preTokens: readonly string[]): string[] };
  token_to_id(token: string): number | undefined;
  /** Throws for an empty list. */
  decode(ids: readonly number[]): string;
}

const typed = library as unknown as {
  Tokenizer: new (file: object, options: { clean_up_tokenization_spaces: boolean }) => LibraryTokenizer;
  SplitPreTokenizer: new (step: object) => PreTokenizer;
  ByteLevelPreTokenizer: new (step: { use_regex: boolean }) => PreTokenizer;
};

export const { Tokenizer: HuggingFaceTokenizer, SplitPreTokenizer, ByteLevelPreTokenizer } = typed;
