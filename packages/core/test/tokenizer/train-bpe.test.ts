import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "@filigree/sites";
import { END_OF_TEXT, parseTokenizer, trainBpe } from "../../src/tokenizer/index.ts";
import golden from "./golden/hugging-face.json" with { type: "json" };
import texts from "./golden/texts.json" with { type: "json" };

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges: string[][] };
}

const vocabulary = (json: string): string[] => {
  const { vocab } = (JSON.parse(json) as TokenizerJson).model;
  return Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
};

describe("trainBpe", () => {
  it("finds the merges that the Rust trainer finds", () => {
    const json = trainBpe(texts, { vocabSize: golden.vocabulary.length });
    expect((JSON.parse(json) as TokenizerJson).model.merges).toEqual(golden.merges);
    expect(vocabulary(json)).toEqual(golden.vocabulary);
  });

  it("does not depend on the order of the texts", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (shuffled) => {
        expect(trainBpe(shuffled, { vocabSize: 330 })).toBe(trainBpe(texts, { vocabSize: 330 }));
      }),
      { numRuns: 10 },
    );
  });

  it("breaks ties by the smaller ids", () => {
    // "ab" and "cd" occur equally often; so do their pairs.
    expect(vocabulary(trainBpe(["cd\nab"], { vocabSize: 259 })).slice(257)).toEqual(["ab", "cd"]);
    expect(vocabulary(trainBpe(["ab\ncd"], { vocabSize: 259 })).slice(257)).toEqual(["ab", "cd"]);
  });

  it("merges runs of one symbol from the left, without overlaps", () => {
    const tokenizer = parseTokenizer(trainBpe(["aaa aaa aaa"], { vocabSize: 258 }), "trained");
    expect(tokenizer.encode("aaaaa").map((id) => tokenizer.token(id))).toEqual(["aa", "aa", "a"]);
  });

  it("is read by the Hugging Face library", () => {
    const library = new HuggingFaceTokenizer(JSON.parse(trainBpe(texts, { vocabSize: 300 })) as object, {
      clean_up_tokenization_spaces: false,
    });
    expect(library.decode(library.encode(texts[0]!).ids)).toBe(texts[0]);
    expect(library.token_to_id(END_OF_TEXT)).toBe(0);
  });

  it.each([0, 256, 300.5, Number.NaN])("refuses a vocabulary of %d", (vocabSize) => {
    expect(() => trainBpe(texts, { vocabSize })).toThrow(InputError);
  });

  it("says how many tokens the texts support where they are too small", () => {
    // One letter pair and nothing else: a single merge.
    expect(() => trainBpe(["ab"], { vocabSize: 300 })).toThrow(/at most 258 tokens/);
    expect(() => trainBpe([], { vocabSize: 258 })).toThrow(/at most 257 tokens/);
  });
});
