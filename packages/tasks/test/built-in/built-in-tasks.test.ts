import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InputError, parseTokenizer, seed, trainBpe, type Tokenizer } from "@filigree/core";
import { listTasks, loadTask, showTask, type Example, type LoadTaskOptions, type Task } from "../../src/index.ts";

const TASKS = listTasks();
const trained = join(import.meta.dirname, "../../../../examples/models/python-small/tokenizer.json");
const prompts = TASKS.flatMap(({ name }) => showTask(name, 60).prompts.flat());
const VOCABULARIES: readonly [string, Tokenizer][] = [
  ["of the example model, 1,024 tokens", parseTokenizer(readFileSync(trained, "utf8"), "tokenizer.json")],
  [
    "trained here, 420 tokens",
    parseTokenizer(
      trainBpe(
        prompts.map(({ prompt }) => prompt),
        { vocabSize: 420 },
      ),
      "420",
    ),
  ],
  ["of bytes", parseTokenizer(trainBpe(["a"], { vocabSize: 257 }), "bytes")],
];

const options = (tokenizer: Tokenizer, more: Partial<LoadTaskOptions> = {}): LoadTaskOptions => ({
  tokenizer,
  vocabSize: tokenizer.vocabSize,
  outSize: tokenizer.vocabSize,
  baseDirectory: ".",
  seed: seed(0),
  ...more,
});

describe.each(VOCABULARIES)("with a vocabulary %s", (label, tokenizer) => {
  it.each(TASKS)("$name is whole", (summary) => {
    const task = loadTask(summary.name, options(tokenizer));
    expect(task.name).toBe(summary.name);
    expect(task.features).toEqual(summary.features);
    expect(task.positionNames).toEqual(summary.positions);
    expect(misshapen(task)).toEqual([]);
    expect(mispaired(task)).toEqual([]);
    expect(undecided(task)).toEqual([]);
    expect(sharedBySplits(task, tokenizer)).toEqual([]);
    const texts = task.examples.map(({ ids }) => tokenizer.decode(ids));
    expect(new Set(texts).size).toBe(task.examples.length);

    if (!label.startsWith("of the example model")) return;
    const test = task.examples.filter(({ split }) => split === "test");
    expect(test.length).toBeGreaterThanOrEqual(1000);
    expect(task.examples.length).toBeGreaterThanOrEqual(2000);
    expect(Math.max(...task.examples.map(({ ids }) => ids.length))).toBeLessThanOrEqual(64);
    expect(new Set(test.map(({ template }) => template)).size).toBeGreaterThanOrEqual(8);
    expect(texts.filter((text) => !text.startsWith("\n"))).toEqual([]);
  });
});

/** Examples without all features and positions, or with an answer that is not among the task's. */
function misshapen(task: Task): Example[] {
  const features = task.features
    .map(({ name }) => name)
    .sort()
    .join();
  const names = [...task.positionNames].sort().join();
  return task.examples.filter(({ ids, features: own, positions, position, answer, foil }) => {
    const inside = Object.values(positions).every((index) => index >= 0 && index < ids.length);
    const whole = Object.keys(own).sort().join() === features && Object.keys(positions).sort().join() === names;
    const choice = answer !== foil && [answer, foil].every((id) => task.answers.includes(id!));
    return !inside || !whole || !choice || position !== ids.length - 1 || positions["last"] !== position;
  });
}

/** Examples whose partner is not theirs, of another split or template, with other nuisances or with no other answer. */
function mispaired(task: Task): Example[] {
  const [decides] = task.features;
  const nuisances = task.features.filter(({ nuisance }) => nuisance);
  return task.examples.filter((example, index) => {
    const partner = task.examples[example.pair!]!;
    const beside = partner.pair === index && partner.split === example.split && partner.template === example.template;
    const contrary = partner.answer === example.foil && partner.foil === example.answer;
    const changed = partner.features[decides!.name] !== example.features[decides!.name];
    return (
      !beside ||
      !contrary ||
      !changed ||
      nuisances.some(({ name }) => partner.features[name] !== example.features[name])
    );
  });
}

/** Examples with the value of the first feature that others have who ask for another answer. */
function undecided(task: Task): Example[] {
  const [decides] = task.features;
  expect(decides!.nuisance).toBe(false);
  expect(task.positionNames).toContain(decides!.anchor);
  const answers = new Map(task.examples.map(({ features, answer }) => [features[decides!.name], answer]));
  return task.examples.filter(({ features, answer }) => answers.get(features[decides!.name]) !== answer);
}

/** Prompts, templates and words that do not decide which are in dev and in test. */
function sharedBySplits(task: Task, tokenizer: Tokenizer): unknown[] {
  const [, ...others] = task.features;
  const of = [
    ({ ids }: Example) => tokenizer.decode(ids),
    ({ template }: Example) => template.replaceAll(/\$\{?[a-z_]+\}?/gu, "$"),
    ...others.map(
      ({ name }) =>
        ({ features }: Example) =>
          features[name],
    ),
  ];
  return of.flatMap((part) => {
    const dev = new Set(task.examples.filter(({ split }) => split === "dev").map(part));
    return task.examples
      .filter(({ split }) => split === "test")
      .map(part)
      .filter((value) => dev.has(value));
  });
}

describe("the built-in tasks", () => {
  it("are the paper's twenty", () => {
    expect(TASKS.map(({ name }) => name)).toEqual(
      (
        "single_double_quote final_kwarg set_or_string set_or_string_fixedvarname class_init with_as bracket_brace " +
        "with_open bracket_counting for_while else_elif fstring_brace if_ternary var_swap indent_for lambda_func " +
        "if_equals enumerate_range var_if while_return_true"
      ).split(" "),
    );
  });

  it("ask for one pair of tokens, unless a name is copied", () => {
    const [[, tokenizer]] = VOCABULARIES as [[string, Tokenizer]];
    const answers = new Map(TASKS.map(({ name }) => [name, loadTask(name, options(tokenizer)).answers.length]));
    const several = [...answers].filter(([, count]) => count !== 2);
    expect(several.map(([name]) => name)).toEqual(["class_init", "var_swap"]);
    for (const [, count] of several) expect(count).toBeGreaterThan(20);
  });

  it("are described in docs/tasks.md as they are", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/tasks.md"), "utf8");
    const sections = new Map(page.split(/^### /mu).map((section) => [section.split("\n", 1)[0], section]));
    for (const { name, summary, features, positions, example } of TASKS) {
      const names = [...features.map((feature) => feature.name), ...positions].map((one) => `\`${one}\``);
      for (const part of [summary, example.prompt.trimStart(), JSON.stringify(example.answer), ...names]) {
        expect(sections.get(name)).toContain(part);
      }
    }
  });

  it("show, in the list, prompts that tell the two answers apart", () => {
    for (const { name } of TASKS) {
      const { example, prompts: pairs } = showTask(name, 6);
      expect(pairs[0]![0]).toEqual(example);
      expect(pairs).toHaveLength(6);
      for (const [first, second] of pairs) {
        expect(first!.prompt).not.toBe(second!.prompt);
        expect([first!.answer, first!.foil]).toEqual([second!.foil, second!.answer]);
      }
    }
  });

  it.each(["for_while", "class_init", "bracket_counting"])(
    "%s is the same for the same seed and another for another",
    (name) => {
      const [[, tokenizer]] = VOCABULARIES as [[string, Tokenizer]];
      const task = loadTask(name, options(tokenizer));
      expect(loadTask(name.replaceAll("_", " "), options(tokenizer))).toEqual(task);
      expect(loadTask(name, options(tokenizer, { seed: seed(1) })).hash).not.toBe(task.hash);
    },
  );

  it("say how a vocabulary cuts what it cannot express", () => {
    const bytes = VOCABULARIES[2]![1];
    const load = (name: string, more: Partial<LoadTaskOptions>) => () => loadTask(name, options(bytes, more));
    expect(load("set_or_string", { blockSize: 24 })).toThrow(/cannot express it: prompts have more than 24 tokens/u);
    expect(load("for_while", { outSize: 50 })).toThrow(/" in" and ":\\n" are no outputs of the model/u);
    expect(load("for_while", { tokenizer: undefined })).toThrow(
      /no vocabulary to express the task in.*tokenizer\.json/su,
    );
    const whole = parseTokenizer(withToken("True:"), "a vocabulary with a long token");
    expect(() => loadTask("while_return_true", options(whole))).toThrow(
      /cannot express it: it cuts "True:" as one token, where the prompt must end and ":\\n" begin/u,
    );
    expect(() => loadTask("while_return_true", options(whole))).toThrow(InputError);
  });
});

/** The file of a vocabulary of bytes that always reads this text as one token. */
function withToken(content: string): string {
  const file = JSON.parse(trainBpe(["a"], { vocabSize: 257 }));
  file.added_tokens.push({ ...file.added_tokens[0], id: 257, content, special: false });
  return JSON.stringify(file);
}
