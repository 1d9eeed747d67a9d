import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError, parseTokenizer, seed, trainBpe, type Tokenizer } from "@filigree/core";
import { loadTask, type LoadTaskOptions, type Task } from "../../src/index.ts";

const tokenizer = parseTokenizer(trainBpe(["set() str() ".repeat(9)], { vocabSize: 264 }), "test vocabulary");
const a = tokenizer.id("a")!;
const b = tokenizer.id("b")!;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-task-"))));
afterAll(() => rmSync(folder, { recursive: true }));

type Line = Record<string, unknown> | string;
const load = (lines: readonly Line[], options: { tokenizer?: Tokenizer; blockSize?: number } = { tokenizer }): Task => {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  writeFileSync(join(folder, "data.jsonl"), `${text}\n`);
  const sizes = { vocabSize: 264, outSize: 264, baseDirectory: folder, seed: seed(0) } satisfies LoadTaskOptions;
  return loadTask("./data.jsonl", { ...sizes, ...options });
};
const header = (more: Record<string, unknown> = {}): Line => ({
  format: "filigree.task/1",
  answers: ["a", "b"],
  ...more,
});
const example = (more: Record<string, unknown> = {}): Line => ({ text: "set()", answer: "a", ...more });

describe("a task in JSON Lines", () => {
  it("reads what the format's documentation shows", () => {
    const features = { name: "x", type: "set()", "other name": "y" };
    const task = load([
      { format: "filigree.task/1", name: "variable type", nuisance: ["other_name"], answers: ["a", "b"] },
      {
        ids: [9, 4, 1, 5, 2, 3, 4],
        answer: "a",
        position: 5,
        features,
        positions: { def: 1, init: 2, use: 6 },
        pair: 1,
        template: "t3",
        split: "dev",
      },
      { ids: [9, 4, 1], answer: b, features: { ...features, type: "str()" }, template: "t3", split: "dev" },
    ]);
    expect({ ...task, hash: "" }).toEqual({
      name: "variable type",
      answers: [a, b],
      numeric: false,
      features: [
        { name: "name", nuisance: false },
        { name: "type", nuisance: false },
        { name: "other name", nuisance: true },
      ],
      positionNames: ["def", "init", "use", "last"],
      examples: [
        {
          ids: [9, 4, 1, 5, 2, 3, 4],
          answer: a,
          foil: b,
          position: 5,
          features: { name: "x", type: "set()", "other name": "y" },
          positions: { def: 1, init: 2, use: 6, last: 6 },
          pair: 1,
          template: "t3",
          split: "dev",
        },
        {
          ids: [9, 4, 1],
          answer: b,
          foil: a,
          position: 2,
          features: { name: "x", type: "str()", "other name": "y" },
          positions: { last: 2 },
          template: "t3",
          split: "dev",
        },
      ],
      hash: "",
    });
  });

  it("needs no first line: the name is the file's, the answers are those that occur", () => {
    const task = load([
      example(),
      example({ answer: "b" }),
      example({ answer: b, answers: ["set", "b"], tokens: ["a"], text: undefined }),
    ]);
    expect(task.name).toBe("data");
    expect(task.answers).toEqual([a, b, tokenizer.id("set")!].toSorted((x, y) => x - y));
    expect(task.examples.map(({ foil }) => foil)).toEqual([undefined, undefined, tokenizer.id("set")]);
    expect(task.examples.map(({ split }) => split)).toEqual(["test", "test", "test"]);
  });

  it("takes prompts as ids, as tokens or as text alike", () => {
    const text = "str() a\nset()";
    const ids = tokenizer.encode(text);
    const tokens = ids.map((id) => tokenizer.token(id));
    const task = load([header(), ...[{ text }, { ids }, { tokens }].map((prompt) => ({ ...prompt, answer: "a" }))]);
    for (const read of task.examples) expect(read.ids).toEqual(ids);
    expect(new Set(task.examples.map((read) => JSON.stringify({ ...read, template: "" }))).size).toBe(1);
  });

  it("takes the names of features and positions with blanks, underscores or hyphens", () => {
    const task = load([
      header(),
      example({ features: { "quote type": 1 }, positions: { "the-opener": 0 } }),
      example({ features: { quote_type: 2 }, positions: { the_opener: 1 } }),
    ]);
    expect(task.features).toEqual([{ name: "quote type", nuisance: false }]);
    expect(task.examples.map(({ features }) => features["quote type"])).toEqual([1, 2]);
    expect(task.positionNames).toEqual(["the opener", "last"]);
  });

  it("reads numbers as answers of a numeric task", () => {
    const task = load([
      { format: "filigree.task/1", numeric: true },
      example({ answer: 0.25 }),
      example({ answer: -2 }),
    ]);
    expect(task.numeric).toBe(true);
    expect(task.answers).toEqual([]);
    expect(task.examples.map(({ answer }) => answer)).toEqual([0.25, -2]);
  });

  it("puts contrast partners under one template where the file names none", () => {
    const task = load([header(), example({ pair: 1 }), example({ answer: "b", pair: 0 }), example({ template: "t" })]);
    expect(task.examples.map(({ template }) => template)).toEqual(["example 0", "example 0", "t"]);
  });

  it("needs no tokenizer where everything is an id", () => {
    const lines = [
      { ids: [1, 2], answer: 3 },
      { ids: [2], answer: 4 },
    ];
    expect(load(lines, {}).answers).toEqual([3, 4]);
    expect(() => load([example()], {})).toThrow(/:1: .*cannot be encoded[^]*no tokenizer\.json/u);
    expect(() => load([{ ids: [1], answer: "a" }], {})).toThrow(/:1: the token "a"[^]*no tokenizer\.json/u);
  });

  it("has a hash that tells any change, but not the order of keys", () => {
    const base = load([header(), { text: "a", answer: "a", features: { x: 1, y: 2 } }]);
    expect(load([header({ name: "other" }), { answer: "a", text: "a", features: { y: 2, x: 1 } }]).hash).toBe(
      base.hash,
    );
    for (const change of [
      { answer: "b" },
      { text: "b" },
      { features: { x: 1, y: 3 } },
      { split: "dev" },
      { position: 0, text: "ab" },
    ]) {
      const line = { text: "a", answer: "a", features: { x: 1, y: 2 }, ...change };
      expect(load([header(), line]).hash).not.toBe(base.hash);
    }
  });

  it.each<[string, Line[], RegExp]>([
    ["a line that is not JSON", [header(), example(), '{"text": "a"'], /data\.jsonl:3: not JSON/u],
    ["an empty line", [header(), "", example()], /:2: an empty line/u],
    ["a line that is no object", [example(), "[1]"], /:2: .*array found/u],
    ["nothing but a first line", [header()], /no examples/u],
    ["an empty file", [""], /:1: an empty line/u],
    ["a newer format", [header({ format: "filigree.task/2" }), example()], /:1: .*task\/2[^]*newer version/u],
    ["an unknown key", [header(), example({ anwser: "a" })], /:2: unknown key "anwser"[^]*"answer"/u],
    ["an unknown key in the first line", [header({ nuisances: [] }), example()], /:1: unknown key[^]*"nuisance"/u],
    ["a missing answer", [header(), { text: "a" }], /:2: .*"answer" is missing/u],
    ["no prompt", [header(), { answer: "a" }], /:2: no prompt/u],
    ["two prompts", [header(), example({ ids: [1] })], /:2: the prompt is given twice/u],
    ["an empty prompt", [header(), example({ text: "" })], /:2: text: a prompt of 0 tokens/u],
    ["an id outside the vocabulary", [header(), { ids: [1, 264], answer: "a" }], /:2: .*no input id 264/u],
    ["an answer that is no token", [header(), example({ answer: "set()x" })], /:2: the token "set\(\)x"/u],
    ["an answer outside the outputs", [header(), example({ answer: 999 })], /:2: .*no output id 999/u],
    ["an answer of another kind", [header(), example({ answer: [] })], /:2: answer: .*array found/u],
    ["an answer that is not offered", [header(), example({ answer: "set" })], /:2: answer: .*not among the answers/u],
    ["answers of its own that are three", [header(), example({ answers: ["a", "b", "c"] })], /:2: answers: 3 answers/u],
    ["a list of one answer", [header({ answers: ["a"] }), example()], /:1: answers: not a choice/u],
    ["a single answer throughout", [example(), example({ text: "b" })], /nothing to choose/u],
    ["a position outside the prompt", [header(), example({ text: "a", position: 1 })], /:2: position: index 1/u],
    ["a negative position", [header(), example({ positions: { x: -1 } })], /:2: positions\.x: /u],
    ["a wrong last position", [header(), example({ positions: { last: 0 } })], /:2: positions: .*"last"/u],
    ["a position called all", [header(), example({ positions: { all: 0 } })], /:2: positions: "all"/u],
    ["a feature given twice", [header(), example({ features: { "a b": 1, a_b: 1 } })], /:2: .*"a b" is given twice/u],
    ["a feature that is a list", [header(), example({ features: { a: [] } })], /:2: features\.a: /u],
    ["a feature missing", [header(), example({ features: { kind: 1 } }), example()], /:3: no feature "kind"/u],
    [
      "another feature",
      [header(), example({ features: { kind: 1 } }), example({ features: { kind: 1, knid: 2 } })],
      /:3: a feature "knid"[^]*"kind"/u,
    ],
    ["a nuisance that no example has", [header({ nuisance: ["x"] }), example()], /"nuisance" names "x"/u],
    ["a partner that does not exist", [header(), example({ pair: 3 })], /:2: pair: there is no example 3/u],
    ["a partner that is itself", [header(), example({ pair: 0 })], /:2: pair: .*its own/u],
    ["a partner in the other split", [header(), example({ pair: 1 }), example({ split: "dev" })], /:2: .*other split/u],
    ["an unknown split", [header(), example({ split: "train" })], /:2: split: "train" found/u],
    ["a number missing in a numeric task", [{ format: "filigree.task/1", numeric: true }, example()], /:2: answer: /u],
    ["answers in a numeric task", [header({ numeric: true }), example({ answer: 1 })], /:1: answers: a numeric task/u],
  ])("refuses %s, naming the line", (_, lines, reason) => {
    expect(() => load(lines)).toThrow(InputError);
    expect(() => load(lines)).toThrow(/^\.\/data\.jsonl/u);
    expect(() => load(lines)).toThrow(reason);
  });

  it("refuses prompts longer than the model's block", () => {
    expect(load([header(), { ids: [1, 2, 3], answer: "a" }], { tokenizer, blockSize: 3 }).examples).toHaveLength(1);
    expect(() => load([header(), { ids: [1, 2, 3], answer: "a" }], { tokenizer, blockSize: 2 })).toThrow(
      /1 to 2 tokens/u,
    );
  });

  it("never throws anything but InputError, whatever the lines hold", () => {
    const key = fc.constantFrom(
      "text",
      "ids",
      "tokens",
      "answer",
      "answers",
      "positions",
      "features",
      "pair",
      "format",
      "x",
    );
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("a", "b", 0, 1, [1, 2], { x: 0 }));
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, value, { maxKeys: 4 }), { minLength: 1, maxLength: 3 }), (lines) => {
        const thrown = attempt(() => load(lines));
        expect(thrown === undefined || thrown instanceof InputError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function attempt(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("loadTask", () => {
  const options: LoadTaskOptions = { tokenizer, vocabSize: 264, outSize: 264, baseDirectory: tmpdir(), seed: seed(0) };

  it("offers the nearest name for an unknown task", () => {
    expect(() => loadTask("single_dobule_quote", options)).toThrow(/did you mean "single_double_quote"/u);
  });

  it("names a file that does not exist", () => {
    for (const path of ["./missing.jsonl", "missing.jsonl", "../missing", "/missing/file"]) {
      expect(() => loadTask(path, options)).toThrow(InputError);
      expect(() => loadTask(path, options)).toThrow(/no such file/u);
    }
    expect(() => loadTask(".", { ...options, baseDirectory: folder })).toThrow(InputError);
    expect(() => loadTask("./", { ...options, baseDirectory: folder })).toThrow(/cannot be read/u);
  });
});
