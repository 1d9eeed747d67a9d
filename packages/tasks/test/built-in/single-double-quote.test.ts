import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseTokenizer, seed, sha256, trainBpe, type Tokenizer } from "@filigree/core";
import { loadTask, type Example, type LoadTaskOptions, type Task } from "../../src/index.ts";
import data from "../../src/built-in/single-double-quote/quote-lines.json" with { type: "json" };

const source = data.lines.flatMap(({ before, body }) => [`\n${before}("${body}")`, `\n${before}('${body}')`]).join("");
const tokenizer = parseTokenizer(trainBpe([source], { vocabSize: 500 }), "test vocabulary");
const options = (own: Tokenizer = tokenizer): LoadTaskOptions => ({
  tokenizer: own,
  vocabSize: own.vocabSize,
  outSize: own.vocabSize,
  baseDirectory: ".",
  seed: seed(7),
});
const task = loadTask("single_double_quote", options());
const text = (example: Example): string => tokenizer.decode(example.ids);
const fromFile = (example: Example): boolean => example.template.startsWith("file ");
const ofSplit = (split: string): Example[] => task.examples.filter((example) => example.split === split);
const QUOTE = { single: "'", double: '"' } as const;

describe("single_double_quote", () => {
  it("asks for the bracket with the quote that opened", () => {
    expect(task.answers.map((answer) => tokenizer.token(answer))).toEqual(["')", '")']);
    for (const example of task.examples) {
      const quote = QUOTE[example.features["quote type"] as "single" | "double"];
      expect(tokenizer.token(example.ids[example.positions["opener"]!]!)).toBe(`(${quote}`);
      expect(tokenizer.token(example.answer)).toBe(`${quote})`);
      expect(task.answers).toContain(example.foil);
      expect(example.foil).not.toBe(example.answer);
    }
  });

  it("ends each prompt right before the answer", () => {
    for (const example of task.examples) {
      expect(example.position).toBe(example.ids.length - 1);
      expect(example.positions["last"]).toBe(example.position);
      expect(tokenizer.encode(text(example) + tokenizer.token(example.answer))).toEqual([
        ...example.ids,
        example.answer,
      ]);
    }
  });

  it("says what the string says, in four tokens or more and without quotes, backslashes and brackets", () => {
    for (const example of task.examples) {
      const body = tokenizer.decode(example.ids.slice(example.positions["opener"]! + 1));
      expect(body).toBe(example.features["string body"]);
      expect(body).not.toMatch(/['"\\()]/u);
      expect(example.ids.length - 1 - example.positions["opener"]!).toBeGreaterThanOrEqual(4);
      expect(example.ids.length).toBeLessThanOrEqual(64);
      expect(text(example)).toMatch(/^\n[^'"#]*\(['"]/u);
    }
  });

  it("pairs each prompt with the same prompt in the other quote", () => {
    task.examples.forEach((example, index) => {
      const partner = task.examples[example.pair!]!;
      expect(partner.pair).toBe(index);
      expect(partner.answer).toBe(example.foil);
      expect(partner.split).toBe(example.split);
      const differing = example.ids.flatMap((id, at) => (id === partner.ids[at] ? [] : [at]));
      expect(partner.ids.length).toBe(example.ids.length);
      expect(differing).toEqual([example.positions["opener"]]);
    });
  });

  it("has 500 test pairs, half of them from source files, and as many dev pairs; both quotes equally often", () => {
    const test = ofSplit("test");
    expect(test.length).toBe(1000);
    expect(test.filter(fromFile).length).toBe(500);
    expect(ofSplit("dev").filter((example) => !fromFile(example)).length).toBeGreaterThanOrEqual(900);
    expect(ofSplit("dev").filter(fromFile).length).toBeGreaterThanOrEqual(50);
    for (const split of ["dev", "test"]) {
      const singles = ofSplit(split).filter((example) => example.features["quote type"] === "single");
      expect(singles.length * 2).toBe(ofSplit(split).length);
    }
    expect(new Set(task.examples.map(text)).size).toBe(task.examples.length);
  });

  it("shares no template, source file or string between dev and test", () => {
    for (const of of [(example: Example) => example.template, (example: Example) => example.features["string body"]!]) {
      const dev = new Set(ofSplit("dev").map(of));
      expect(ofSplit("test").filter((example) => dev.has(of(example)))).toEqual([]);
    }
  });

  it("mixes the sources, so that the first examples are like all of them", () => {
    const share = ofSplit("test").slice(0, 200).filter(fromFile).length / 200;
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
  });

  it("is the same for the same seed and another for another", () => {
    expect(loadTask("single_double_quote", options())).toEqual(task);
    expect(loadTask("single-double quote", options()).hash).toBe(task.hash);
    expect(loadTask("single_double_quote", { ...options(), seed: seed(8) }).hash).not.toBe(task.hash);
  });

  it("asks the test prompts that examples/quotes is about, in their order", () => {
    const folder = join(import.meta.dirname, "../../../../examples/models/python-small");
    const own = parseTokenizer(readFileSync(join(folder, "tokenizer.json"), "utf8"), "tokenizer.json");
    const { examples } = loadTask("single_double_quote", { ...options(own), blockSize: 64, seed: seed(0) });
    const test = examples.filter(({ split }) => split === "test").map(({ ids, answer }) => [ids, answer]);
    expect(sha256().update(JSON.stringify(test)).hex()).toBe(
      "7c8851f6c158769eb3df0490b53d5f5f7547dc6776c7dc7313fdc729871fb140",
    );
  });

  it("needs no more than brackets and quotes of a vocabulary, and a block that holds the prompts", () => {
    const bytes = parseTokenizer(trainBpe(["a"], { vocabSize: 257 }), "bytes");
    const [example] = loadTask("single_double_quote", options(bytes)).examples;
    expect(bytes.token(example!.answer)).toBe(QUOTE[example!.features["quote type"] as "single" | "double"]);
    expect(() => loadTask("single_double_quote", { ...options(), blockSize: 6 })).toThrow(
      /prompts have more than 6 tokens/u,
    );
    const short: Task = loadTask("single_double_quote", { ...options(), blockSize: 32 });
    expect(Math.max(...short.examples.map(({ ids }) => ids.length))).toBe(32);
  });
});
