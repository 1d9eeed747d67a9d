/** Text to token ids and back. Made by {@link parseTokenizer}. */
export interface Tokenizer {
  /** Number of ids: every id is in [0, vocabSize). */
  readonly vocabSize: number;
  /**
   * The ids of a text, the same that the Hugging Face libraries give, except that special tokens such as
   * `<|endoftext|>` are never read from text: their spelling is encoded like any other characters.
   * Throws InputError where the text is not well-formed Unicode (half of a surrogate pair).
   */
  encode(text: string): number[];
  /**
   * The text of ids: `decode(encode(text)) === text` for every well-formed text. Special tokens give their spelling;
   * bytes that are not UTF-8 give U+FFFD. Throws InputError for an id outside the vocabulary.
   */
  decode(ids: readonly number[]): string;
  /**
   * The id of one token by its text as {@link token} gives it, such as `('` or `\n    `, or undefined. It is not enough
   * that the text can be encoded: it must be a token itself.
   */
  id(token: string): number | undefined;
  /**
   * The text of one token, different for every id. Where its bytes are not UTF-8, each is written `<0xE2>`.
   * Throws InputError for an id outside the vocabulary.
   */
  token(id: number): string;
}
