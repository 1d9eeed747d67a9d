import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "@filigree/sites";
import { END_OF_TEXT, parseTokenizer, tokenizerFromVocabulary, trainBpe } from "../../src/tokenizer/index.ts";
import texts from "./golden/texts.json" with { type: "json" };

/** The two files of a vocabulary that was trained here, without its end of text. */
function files(vocabSize: number): { vocabulary: string; merges: string } {
  const { model } = JSON.parse(trainBpe(texts, { vocabSize })) as {
    model: { vocab: Record<string, number>; merges: string[][] };
  };
  const entries = Object.entries(model.vocab).filter(([entry]) => entry !== END_OF_TEXT);
  const vocabulary = Object.fromEntries(entries.map(([entry, id]) => [entry, id - 1]));
  return {
    vocabulary: JSON.stringify(vocabulary),
    merges: ["#version: 0.2", ...model.merges.map((pair) => pair.join(" ")), ""].join("\n"),
  };
}

const SIZE = 400;
const tokenizer = parseTokenizer(tokenizerFromVocabulary(files(SIZE), "encoder.json"), "encoder.json");
const pieces = (text: string) => tokenizer.encode(text).map((id) => tokenizer.token(id));

/** The pieces as OpenAI's tinypython pattern cuts text, by JavaScript's own regular expressions. */
const TINYPYTHON = /[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

describe("a tokenizer from encoder.json and vocab.bpe", () => {
  it("puts the end of text after the last token, and keeps all other ids", () => {
    expect(tokenizer.vocabSize).toBe(SIZE);
    expect(tokenizer.id(END_OF_TEXT)).toBe(SIZE - 1);
    const vocabulary = JSON.parse(files(SIZE).vocabulary) as Record<string, number>;
    expect(tokenizer.id("a")).toBe(vocabulary["a"]);
    expect(tokenizer.id("\n")).toBe(vocabulary["Ċ"]);
  });

  it("keeps an end of text that the vocabulary has", () => {
    const { vocabulary, merges } = files(SIZE);
    const named = JSON.stringify({ ...(JSON.parse(vocabulary) as object), [END_OF_TEXT]: SIZE - 1 });
    expect(tokenizerFromVocabulary({ vocabulary: named, merges }, "e")).toBe(
      tokenizerFromVocabulary({ vocabulary, merges }, "e"),
    );
  });

  it("gives back every text, and merges across no cut of the pattern", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: fc.constantFrom("(", '"', " ", "\n", "\r", "/", "a", "B", "1", ".", "é", "]") }),
      fc.constantFrom(...texts),
    );
    fc.assert(
      fc.property(text, (any) => {
        expect(tokenizer.decode(tokenizer.encode(any))).toBe(any);
        const cuts = any.match(TINYPYTHON) ?? [];
        expect(cuts.join("")).toBe(any);
        expect(tokenizer.encode(any)).toEqual(cuts.flatMap((piece) => tokenizer.encode(piece)));
      }),
    );
    expect(pieces("x]]\n").join("|")).not.toContain("x]");
  });

  it("cuts larger vocabularies by GPT-2's pattern", () => {
    const { vocabulary, merges } = files(SIZE);
    const large = JSON.parse(vocabulary) as Record<string, number>;
    large["34"] = SIZE - 1;
    const letters = (id: number) => String(id).replaceAll(/\d/gu, (digit) => "qrstuvwxyz".charAt(Number(digit)));
    for (let id = SIZE; id < 2050; id++) large[`zz${letters(id)}`] = id;
    const read = (some: Record<string, number>) =>
      parseTokenizer(tokenizerFromVocabulary({ vocabulary: JSON.stringify(some), merges: `${merges}3 4\n` }, "e"), "e");
    const gpt2 = read(large);
    const tinypython = read(Object.fromEntries(Object.entries(large).filter(([, id]) => id < SIZE)));
    expect(gpt2.vocabSize).toBe(2051);
    // GPT-2 keeps long numbers together, where tinypython takes three digits at a time.
    const pair = gpt2.id("34")!;
    expect(gpt2.encode("12345")).toContain(pair);
    expect(tinypython.encode("12345")).not.toContain(pair);
  });

  it.each<[string, { vocabulary?: string; merges?: string }, RegExp]>([
    ["a vocabulary that is not JSON", { vocabulary: "{" }, /encoder\.json: not JSON/],
    ["ids that are not numbers", { vocabulary: '{"a": "x"}' }, /encoder\.json/],
    ["a vocabulary that is not byte-level", { vocabulary: '{"a": 0}' }, /255 of the 256 bytes have no token/],
    ["a merge of three tokens", { merges: "a b c\n" }, /"a b c" is not two tokens/],
    ["a merge of unknown tokens", { merges: "q zzz\n" }, /"zzz"/],
  ])("refuses %s", (_, changed, message) => {
    const read = () =>
      parseTokenizer(tokenizerFromVocabulary({ ...files(SIZE), ...changed }, "encoder.json"), "encoder.json");
    expect(read).toThrow(message);
    expect(read).toThrow(InputError);
  });
});
