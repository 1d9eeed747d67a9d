import { describe, expect, it } from "vitest";
import { parseTokenizer, seed, trainBpe, type Tokenizer } from "@filigree/core";
import { listTasks, loadTask, type Example, type LoadTaskOptions, type Task } from "../../src/index.ts";
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

  it("has 500 test pairs, half of them from source files, and 300 dev pairs; both quotes equally often", () => {
    const test = ofSplit("test");
    expect(test.length).toBe(1000);
    expect(test.filter(fromFile).length).toBe(500);
    expect(ofSplit("dev").filter((example) => !fromFile(example)).length).toBeGreaterThanOrEqual(600);
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

  it("is listed with a prompt that it could hold", () => {
    const listed = listTasks().find(({ name }) => name === "single_double_quote")!;
    expect(listed.features).toEqual(task.features.map((feature) => feature.name));
    expect(listed.positions).toEqual(task.positionNames);
    const { prompt, answer } = listed.example;
    expect(tokenizer.encode(prompt + answer).at(-1)).toBe(tokenizer.id(answer));
  });

  it("says what is missing where a vocabulary cannot express it", () => {
    const bytes = parseTokenizer(trainBpe(["a"], { vocabSize: 257 }), "bytes");
    expect(() => loadTask("single_double_quote", options(bytes))).toThrow(/"'\)" is not in the model's vocabulary/u);
    expect(() => loadTask("single_double_quote", { ...options(), tokenizer: undefined })).toThrow(
      /no tokenizer\.json/u,
    );
    const closersOnly = parseTokenizer(trainBpe([`')")`.repeat(9)], { vocabSize: 259 }), "closers");
    expect(() => loadTask("single_double_quote", options(closersOnly))).toThrow(/"\('" is not in the model's vocab/u);
  });

  it("says so where too few prompts fit", () => {
    expect(() => loadTask("single_double_quote", { ...options(), blockSize: 6 })).toThrow(/expresses only \d+ pairs/u);
    const short: Task = loadTask("single_double_quote", { ...options(), blockSize: 32 });
    expect(Math.max(...short.examples.map((example) => example.ids.length))).toBe(32);
  });
});
