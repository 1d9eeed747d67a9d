import { describe, expect, it } from "vitest";
import { parseTokenizer, seed, trainBpe } from "@filigree/core";
import {
  listTasks,
  loadTask,
  nonsenseTask,
  showTask,
  type Example,
  type LoadTaskOptions,
  type Task,
} from "../src/index.ts";

const prompts = listTasks().flatMap(({ name }) => showTask(name, 40).prompts.flat());
const source = prompts.map(({ prompt, answer }) => prompt + answer);
const tokenizer = parseTokenizer(trainBpe(source, { vocabSize: 600 }), "of the tasks' own prompts");
const options: LoadTaskOptions = {
  tokenizer,
  vocabSize: tokenizer.vocabSize,
  outSize: tokenizer.vocabSize,
  baseDirectory: ".",
  seed: seed(0),
};

const withoutAnswers = (example: Example): unknown => ({ ...example, answer: undefined, foil: undefined });

describe("a nonsense variant", () => {
  it.each(["for_while", "class_init", "single_double_quote"])(
    "of %s replaces each answer by another word, always the same",
    (name) => {
      const task = loadTask(name, options);
      const nonsense = loadTask(`${name}:nonsense`, options);
      expect(nonsense.name).toBe(`${name}:nonsense`);
      expect(nonsense.hash).not.toBe(task.hash);
      const instead = new Map(task.examples.map(({ answer }, i) => [answer, nonsense.examples[i]!.answer]));
      const used = new Set(instead.values());
      expect(used.size).toBe(instead.size);
      expect([...used].filter((id) => instead.has(id))).toEqual([]);
      for (const id of used) expect(tokenizer.token(id)).toMatch(/^ ?\p{L}{2,}$/u);
      expect(nonsense.answers).toEqual(task.answers.map((id) => instead.get(id)));
      expect(nonsense.examples.map(withoutAnswers)).toEqual(task.examples.map(withoutAnswers));
      expect(nonsense.examples.map(({ foil }) => foil)).toEqual(task.examples.map(({ foil }) => instead.get(foil!)));
    },
  );

  it("is the same for the same seed and another for another", () => {
    const variant = (number: number): Task => nonsenseTask(loadTask("for_while", options), options, seed(number));
    expect(variant(1)).toEqual(variant(1));
    expect(variant(2).answers).not.toEqual(variant(1).answers);
  });

  it("takes any other output where a vocabulary has no words, and refuses where there is none", () => {
    const bytes = parseTokenizer(trainBpe(["a"], { vocabSize: 257 }), "bytes");
    const own = { ...options, tokenizer: bytes, vocabSize: 257, outSize: 257 };
    const task = loadTask("for_while", own);
    expect(nonsenseTask(task, own, seed(0)).answers.filter((id) => task.answers.includes(id))).toEqual([]);
    const answers = { ...own, outSize: Math.max(...task.answers) + 1 };
    expect(nonsenseTask(task, answers, seed(0)).answers.every((id) => id < answers.outSize)).toBe(true);
    const two = {
      ...task,
      answers: [0, 1],
      examples: task.examples.map((example) => ({ ...example, answer: 0, foil: 1 })),
    };
    expect(() => nonsenseTask(two, { ...own, outSize: 3 }, seed(0))).toThrow(/too few other outputs.*2 beside/su);
    expect(() => nonsenseTask({ ...task, numeric: true }, own, seed(0))).toThrow(/numbers have no nonsense variant/u);
  });
});
