import type { SplitStep } from "./pre-tokens.ts";

/** The token between two documents, never produced from text. */
export const END_OF_TEXT = "<|endoftext|>";

/** The parts in which byte-level BPE tokenizers differ. */
interface ByteLevelTokenizer {
  /** Entry, in the byte alphabet, → id. */
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: readonly (readonly [string, string])[];
  /** The id of {@link END_OF_TEXT}. */
  readonly endOfText: number;
  /** How text is cut before merging. */
  readonly steps: readonly SplitStep[];
  /** Whether the pieces are cut once more by GPT-2's own pattern. */
  readonly gpt2Pattern: boolean;
}

/** The text of a Hugging Face `tokenizer.json`. */
export function byteLevelFile({ vocabulary, merges, endOfText, steps, gpt2Pattern }: ByteLevelTokenizer): string {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: gpt2Pattern };
  const file = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: endOfText,
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [...steps, byteLevel] },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: gpt2Pattern },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges,
    },
  };
  return `${JSON.stringify(file, undefined, 1)}\n`;
}
