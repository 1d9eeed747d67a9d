import { describe, expect, it } from "vitest";
import { InputError, parseTokenizer, seed, trainBpe } from "@filigree/core";
import { defineTask, loadTask, showTask, type Example, type Task, type TaskTemplates } from "../../src/index.ts";

const bytes = parseTokenizer(trainBpe(["a"], { vocabSize: 257 }), "bytes");
const load = (task: TaskTemplates, tokenizer = bytes): Task =>
  loadTask(defineTask(task), {
    tokenizer,
    vocabSize: tokenizer.vocabSize,
    outSize: tokenizer.vocabSize,
    baseDirectory: ".",
    seed: seed(3),
  });
const letters = (from: string): string[] => [...from].flatMap((a) => [..."pqrstuv"].map((b) => a + b));

/** A third party's task: the article that an animal takes. */
const ARTICLES: TaskTemplates = {
  name: "articles",
  summary: "Go on with the article's noun.",
  decides: { feature: "sound", anchor: "article" },
  cases: {
    vowel: { slots: { article: "an" }, answer: " owl." },
    consonant: { slots: { article: "a" }, answer: " crow." },
  },
  nuisances: ["seen_by"],
  positions: ["seen_by", "article"],
  templates: { test: ["$seen_by saw $article", "$seen_by, $other: $article"], dev: ["Before $seen_by ran $article"] },
  words: {
    test: { seen_by: letters("abcde"), other: ["both", "Zoë"] },
    dev: { seen_by: letters("fghij") },
  },
};
const text = ({ ids }: Example): string => bytes.decode(ids);

describe("defineTask", () => {
  it("makes a task of pairs that differ in the case alone", () => {
    const task = load(ARTICLES);
    expect(task.name).toBe("articles");
    expect(task.features).toEqual([
      { name: "sound", nuisance: false, anchor: "article" },
      { name: "seen by", nuisance: true, anchor: "seen by" },
    ]);
    expect(task.positionNames).toEqual(["seen by", "article", "last"]);
    expect(task.answers.map((id) => bytes.token(id)).sort()).toEqual(["c", "o"]);
    for (const example of task.examples) {
      const partner = task.examples[example.pair!]!;
      const [own, other] = example.features["sound"] === "vowel" ? ["an", "a"] : ["a", "an"];
      expect(text(partner)).toBe(text(example).replace(new RegExp(`${own} $`, "u"), `${other} `));
      expect(text(example)).toContain(String(example.features["seen by"]));
    }
  });

  it("adds what both completions begin with to the prompt, and reads the answer after it", () => {
    for (const example of load(ARTICLES).examples) {
      expect(text(example)).toMatch(/ an? $/u);
      expect(example.position).toBe(example.ids.length - 1);
    }
  });

  it("points at the last token of each position, also after letters of several bytes", () => {
    const { examples } = load(ARTICLES);
    expect(examples.filter((example) => text(example).includes("Zoë")).length).toBeGreaterThan(5);
    for (const { ids, positions, features } of examples) {
      expect(bytes.decode(ids.slice(0, positions["article"]! + 1))).toMatch(/ an?$/u);
      expect(bytes.decode(ids.slice(0, positions["seen by"]! + 1)).endsWith(String(features["seen by"]))).toBe(true);
    }
  });

  it("names the template that an example was made from, and never repeats a prompt", () => {
    const { examples } = load(ARTICLES);
    const templates = [...ARTICLES.templates.test, ...ARTICLES.templates.dev];
    expect(new Set(examples.map(({ template }) => template))).toEqual(new Set(templates));
    expect(new Set(examples.map(text)).size).toBe(examples.length);
    // Every pair that there is: 35 words with either other word or none, and 35 for dev.
    expect(examples.filter(({ split }) => split === "test")).toHaveLength(2 * 35 * 3);
    expect(examples.filter(({ split }) => split === "dev")).toHaveLength(2 * 35);
  });

  it("copies words: the answer of each is one token in all examples", () => {
    const names = ["ann", "bob", "cat", "cut", "dan", "eve"];
    const task = load({
      name: "who",
      summary: "Say who was named.",
      decides: { feature: "who", anchor: "who", slot: "who" },
      cases: {
        first: { slots: { who: "$one" }, answer: " $one!", positions: { source: "one" } },
        second: { slots: { who: "$two" }, answer: " $two!", positions: { source: "two" } },
      },
      nuisances: ["mood"],
      positions: ["who"],
      templates: { test: ["$one and $two, $mood. Call $who:"], dev: ["$mood: $one or $two? It is ${who}; so"] },
      words: {
        test: { one: names, two: names, mood: ["glad", "sad", "mad", "bad"] },
        dev: { one: ["fay", "gus", "hal", "ian"], two: ["jim", "kay", "lea", "mia"], mood: ["shy", "coy", "dry"] },
      },
    });
    const tokens = new Map(task.examples.map(({ features, answer }) => [features["who"], bytes.token(answer)]));
    for (const [name, token] of tokens) expect(token).toBe(String(name)[0]);
    for (const { ids, features, positions, answer, foil } of task.examples) {
      expect(bytes.token(answer)).toBe(String(features["who"])[0]);
      expect(answer).not.toBe(foil);
      expect(bytes.decode(ids.slice(0, positions["source"]! + 1)).endsWith(String(features["who"]))).toBe(true);
      expect(positions["source"]!).toBeLessThan(positions["who"]!);
    }
    expect(task.answers).toHaveLength(new Set(tokens.values()).size);
  });

  it("takes pairs of equal length where there are enough", () => {
    const words = letters("abcdefghijklmnop");
    const task = load({
      ...ARTICLES,
      cases: {
        vowel: { slots: { article: "an" }, answer: " owl." },
        consonant: { slots: { article: "$filler" }, answer: " crow." },
      },
      templates: { test: ["$seen_by saw $article"], dev: ["$seen_by met $article"] },
      words: {
        test: { seen_by: words, filler: ["is", "are", "was", "will", "to"] },
        dev: { seen_by: words.map((word) => word.toUpperCase()), filler: ["we", "you", "they"] },
      },
    });
    for (const split of ["test", "dev"]) {
      const lengths = task.examples
        .filter((example) => example.split === split)
        .map(({ ids, pair }) => ids.length - task.examples[pair!]!.ids.length);
      const equal = lengths.filter((difference) => difference === 0).length;
      expect(equal).toBeGreaterThan(40);
      expect(lengths.length).toBeGreaterThan(equal);
    }
  });

  it("can be shown before any vocabulary cuts it", () => {
    const shown = showTask(defineTask(ARTICLES), 2);
    expect(shown).toMatchObject({
      name: "articles",
      summary: ARTICLES.summary,
      positions: ["seen by", "article", "last"],
    });
    expect(shown.prompts).toHaveLength(2);
    expect(shown.prompts[0]![0]).toEqual(shown.example);
    expect(shown.example).toMatchObject({ answer: " owl.", foil: " crow.", features: { sound: "vowel" } });
  });

  it.each<[string, Partial<TaskTemplates>, RegExp]>([
    [
      "a third case",
      { cases: { ...ARTICLES.cases, more: { slots: { article: "the" }, answer: " x" } } },
      /3 cases.*two/su,
    ],
    [
      "a slot that one case leaves open",
      { cases: { ...ARTICLES.cases, vowel: { slots: {}, answer: " owl" } } },
      /only one case fills the slot "article"/u,
    ],
    [
      "an anchor that is no position",
      { decides: { feature: "sound", anchor: "noun" } },
      /anchor "noun" is no position/u,
    ],
    [
      "a position that has a meaning already",
      { positions: ["seen_by", "article", "last"], templates: { test: ["$last"], dev: [] } },
      /cannot be called "last"/u,
    ],
    ["a split without templates", { templates: { ...ARTICLES.templates, dev: [] } }, /no dev templates/u],
    [
      "a template without a position's slot",
      { templates: { ...ARTICLES.templates, dev: ["$article"] } },
      /the template "\$article" has no slot "seen_by"/u,
    ],
    [
      "a slot without words",
      { templates: { ...ARTICLES.templates, dev: ["$seen_by $whom $article"] } },
      /the slot "whom" has no dev words/u,
    ],
    [
      "a template in both splits, whatever its slots are called",
      { templates: { ...ARTICLES.templates, dev: ["$seen_by, $seen_by: $article"] } },
      /the template "\$, \$: \$" is in both splits/u,
    ],
    [
      "a position where one case says nothing",
      { cases: { ...ARTICLES.cases, vowel: { slots: { article: "" }, answer: " owl" } } },
      /the position "article" has no text in one case/u,
    ],
    [
      "a word in both splits",
      { words: { ...ARTICLES.words, dev: { seen_by: ["zz", "both"] } } },
      /the word "both" is in both splits/u,
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => defineTask({ ...ARTICLES, ...change })).toThrow(message);
    expect(() => defineTask({ ...ARTICLES, ...change })).toThrow(InputError);
  });

  it("says which slot holds itself, or runs out of words", () => {
    const ring = { ...ARTICLES.words, dev: { seen_by: ["the $seen_by"] } };
    expect(() => load({ ...ARTICLES, words: ring })).toThrow(/\$seen_by: the slot "seen_by" holds itself/u);
    const one = { seen_by: ["her"], other: ["her"] };
    expect(() => load({ ...ARTICLES, words: { ...ARTICLES.words, test: one } })).toThrow(
      /no word is left for the slot "other"/u,
    );
  });

  it("says so where a vocabulary expresses too few prompts, and why", () => {
    const few = { ...ARTICLES, words: { ...ARTICLES.words, dev: { seen_by: ["zz", "yy"] } } };
    expect(() => load(few)).toThrow(
      /task articles: .*the prompts repeat each other.*at least 16 pairs of dev prompts; there are 2/su,
    );
    const same = { ...ARTICLES.cases, vowel: { ...ARTICLES.cases["vowel"]!, answer: " crow." } };
    expect(() => load({ ...ARTICLES, cases: same })).toThrow(/" crow\." and " crow\." begin with the same tokens/u);
  });
});
