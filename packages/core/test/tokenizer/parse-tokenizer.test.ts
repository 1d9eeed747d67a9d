import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "@filigree/sites";
import { END_OF_TEXT, parseTokenizer, trainBpe } from "../../src/tokenizer/index.ts";
import golden from "./golden/hugging-face.json" with { type: "json" };
import texts from "./golden/texts.json" with { type: "json" };

const json = trainBpe(texts, { vocabSize: golden.vocabulary.length });
const tokenizer = parseTokenizer(json, "tokenizer.json");
const library = new HuggingFaceTokenizer(JSON.parse(json) as object, { clean_up_tokenization_spaces: false });
const pieces = (text: string): string[] => tokenizer.encode(text).map((id) => tokenizer.token(id));

/** Any well-formed text, and text dense in what the pattern distinguishes. */
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("(", ")", "'", '"', " ", "\n", "\r", "\t", "a", "_", "1", ".", "é", "\u0085", "😀"),
  }),
);

describe("a parsed tokenizer", () => {
  it("gives the ids that the Rust library gives", () => {
    for (const { text, ids } of golden.encoded) expect(tokenizer.encode(text)).toEqual(ids);
  });

  it("gives the ids that the JavaScript library gives, for any text", () => {
    for (const source of texts) expect(tokenizer.encode(source)).toEqual(library.encode(source).ids);
    fc.assert(fc.property(text, (any) => void expect(tokenizer.encode(any)).toEqual(library.encode(any).ids)));
  });

  it("decodes what it encoded to the same text", () => {
    for (const source of texts) expect(tokenizer.decode(tokenizer.encode(source))).toBe(source);
    fc.assert(fc.property(text, (any) => void expect(tokenizer.decode(tokenizer.encode(any))).toBe(any)));
    const spaced = "a , b . c ? d n't e 's";
    expect(tokenizer.decode(tokenizer.encode(spaced))).toBe(spaced);
  });

  it("never reads a special token from text", () => {
    const ids = tokenizer.encode(`a${END_OF_TEXT}b`);
    expect(ids).not.toContain(0);
    expect(tokenizer.decode(ids)).toBe(`a${END_OF_TEXT}b`);
    expect(tokenizer.decode([0, ...tokenizer.encode("a")])).toBe(`${END_OF_TEXT}a`);
    fc.assert(fc.property(text, (any) => void expect(tokenizer.encode(any)).not.toContain(0)));
  });

  it("keeps a bracket and its quote in one token of their own", () => {
    expect(tokenizer.id('("')).toBeDefined();
    for (const [before, after] of [
      ['("', "%s"],
      ["('", "'"],
      ["(", '("'],
      ['")', ":"],
      ["')", "]"],
      ["')", ","],
      ["='", '")'],
    ]) {
      expect(pieces(before! + after!)).toEqual([...pieces(before!), ...pieces(after!)]);
    }
  });

  it("names every token differently, and finds it by that name", () => {
    for (let id = 0; id < tokenizer.vocabSize; id++) expect(tokenizer.id(tokenizer.token(id))).toBe(id);
    expect(tokenizer.id(END_OF_TEXT)).toBe(0);
    expect(tokenizer.token(tokenizer.encode("\xff")[0]!)).toBe("<0xC3>");
    expect(tokenizer.id("settings file")).toBeUndefined();
  });

  it("refuses ids outside the vocabulary and text that is not Unicode", () => {
    for (const id of [-1, 400, 1.5, Number.NaN]) {
      expect(() => tokenizer.decode([id])).toThrow(InputError);
      expect(() => tokenizer.token(id)).toThrow(InputError);
    }
    expect(() => tokenizer.encode("a\ud800")).toThrow(/surrogate/);
    expect(tokenizer.encode("")).toEqual([]);
    expect(tokenizer.decode([])).toBe("");
  });
});

describe("parseTokenizer", () => {
  it("reads GPT-2's layout: pre-tokenizer ByteLevel alone, merges as text", () => {
    const gpt2 = edit((file) => {
      file.pre_tokenizer = { type: "ByteLevel", add_prefix_space: false };
      file.model.merges = (file.model.merges as string[][]).map((pair) => pair.join(" "));
    });
    const parsed = parseTokenizer(gpt2, "gpt2");
    const theirs = new HuggingFaceTokenizer(JSON.parse(gpt2) as object, { clean_up_tokenization_spaces: false });
    for (const source of texts) {
      expect(parsed.encode(source)).toEqual(theirs.encode(source).ids);
      expect(parsed.decode(parsed.encode(source))).toBe(source);
    }
  });

  it.each<[string, string]>([
    [
      "single digits",
      edit((file) => file.pre_tokenizer.pretokenizers.unshift({ type: "Digits", individual_digits: true })),
    ],
    [
      "runs of digits",
      edit((file) => file.pre_tokenizer.pretokenizers.unshift({ type: "Digits", individual_digits: false })),
    ],
    ["merges left out for whole words", edit((file) => (file.model.ignore_merges = true))],
    ["no normalizers in a row", edit((file) => (file.normalizer = { type: "Sequence", normalizers: [] }))],
    [
      "a pattern that keeps its matches",
      edit((file) => Object.assign(file.pre_tokenizer.pretokenizers[0], { behavior: "Removed", invert: true })),
    ],
    [
      "added tokens that are not special",
      edit((file) =>
        file.added_tokens.push(
          ...["  ", "   ", "a.*b"].map((content, i) => ({ id: golden.vocabulary.length + i, content, special: false })),
        ),
      ),
    ],
  ])("reads %s as the JavaScript library does", (_, file) => {
    const parsed = parseTokenizer(file, "theirs");
    const theirs = new HuggingFaceTokenizer(JSON.parse(file) as object, { clean_up_tokenization_spaces: false });
    for (const source of [...texts, "a  b   c    d 12345 x7 a.*b.", "year 2024"]) {
      expect(parsed.encode(source)).toEqual(theirs.encode(source).ids);
      expect(parsed.decode(parsed.encode(source))).toBe(source);
    }
  });

  it.each<[string, string, RegExp]>([
    ["text that is not JSON", "{", /not JSON/],
    ["a list", "[]", /not a JSON object/],
    ["no model", edit((file) => void delete file.model), /no "model" object/],
    ["another model", edit((file) => (file.model.type = "Unigram")), /"Unigram"/],
    [
      "an added token that takes spaces",
      edit((file) => Object.assign(file.added_tokens[0], { special: false, lstrip: true })),
      /"lstrip": true/,
    ],
    ["a normalizer", edit((file) => (file.normalizer = { type: "NFC" })), /normalizer/],
    ["another decoder", edit((file) => (file.decoder = null)), /decoder/],
    ["a byte without a token", edit((file) => rename(file.model.vocab, "A", "AAA")), /byte 0x41/],
    ["a gap in the ids", edit((file) => (file.model.vocab["A"] = 9999)), /no token has id/],
    ["an id used twice", edit((file) => (file.model.vocab["A"] = 5)), /share id 5/],
    ["an id that is no number", edit((file) => (file.model.vocab["A"] = "5")), /"A" has id "5"/],
    ["a merge of unknown tokens", edit((file) => (file.model.merges as unknown[]).push(["A", "zzz"])), /"zzz"/],
    ["a malformed merge", edit((file) => (file.model.merges as unknown[]).push(["A"])), /merge \d+ is \["A"\]/],
    ["characters outside the byte alphabet", edit((file) => rename(file.model.vocab, "Ā", "你")), /byte alphabet/],
    ["a prefix space", edit((file) => (file.pre_tokenizer.pretokenizers[1].add_prefix_space = true)), /space before/],
    ["another pre-tokenizer", edit((file) => (file.pre_tokenizer = { type: "Whitespace" })), /ByteLevel/],
    ["another split", edit((file) => (file.pre_tokenizer.pretokenizers[0].behavior = "Removed")), /"Removed"/],
    ["a broken pattern", edit((file) => (file.pre_tokenizer.pretokenizers[0].pattern = { Regex: "(" })), /set up/],
    ["a misplaced special token", edit((file) => (file.added_tokens[0].id = 7)), /another id/],
  ])("refuses %s", (_, broken, reason) => {
    expect(() => parseTokenizer(broken, "their/tokenizer.json")).toThrow(InputError);
    expect(() => parseTokenizer(broken, "their/tokenizer.json")).toThrow(/their\/tokenizer\.json/);
    expect(() => parseTokenizer(broken, "their/tokenizer.json")).toThrow(reason);
  });
});

// The edits make malformed files, which no type describes.
function edit(change: (file: ReturnType<typeof JSON.parse>) => unknown): string {
  const file = JSON.parse(json) as unknown;
  change(file);
  return JSON.stringify(file);
}

function rename(vocab: Record<string, number>, from: string, to: string): void {
  vocab[to] = vocab[from]!;
  delete vocab[from];
}
