import { expect, test } from "vitest";
import { paintFor } from "../../src/render/paint.ts";
import { renderScores } from "../../src/render/scores.ts";
import { renderTasks } from "../../src/render/tasks.ts";
import { captureStreams } from "../capture.ts";

const plain = paintFor(captureStreams().stdout, {});
const shown = { prompt: "\n    try:\n        for line", answer: " in", foil: ":\n", features: {} };
const task = {
  name: "for_while",
  summary: "Go on after a name.",
  features: [
    { name: "loop", nuisance: false, anchor: "keyword" },
    { name: "line before", nuisance: true },
  ],
  positions: ["keyword", "last"],
  example: shown,
};

test("a task is a paragraph with a prompt as it stands in a file", () => {
  expect(renderTasks([task], { paint: plain, columns: 80 })).toBe(`for_while
  Go on after a name.
  features   loop, line before (nuisance)
  positions  keyword, last

  │     try:
  │         for line → " in" not ":\\n"`);
});

test("where a line is too long, names and tokens stay whole", () => {
  const inVocabulary = {
    examples: { dev: 1000, test: 1200 },
    tokens: ["\n        ", "for", "    ", " line"],
    answer: " in",
    foil: ":",
  };
  const text = renderTasks([{ ...task, prompts: [], inVocabulary }], { paint: plain, columns: 36 });
  expect(text).toBe(`for_while
  Go on after a name.
  features   loop,
             line before (nuisance)
  positions  keyword, last
  examples   1,200 test, 1,000 dev
  tokens     "\\n        " "for"
             "    " " line" → " in"
             not ":"`);
});

/** No circuits and no rankings. */
const NONE = { circuits: [], rankings: [], stability: [], notes: [] };

test("scores: a row a task, also for one that does not fit, and how many are done well", () => {
  const tasks = [
    { name: "for_while", accuracy: 0.95, loss: 0.15, n: 1000 },
    { name: "var_swap", accuracy: 0.999, loss: 0.151, n: 1000 },
    { name: "with_as", unfit: "the vocabulary cannot express it" },
  ];
  expect(renderScores({ ...NONE, tasks }, plain)).toBe(`task       examples  accuracy   loss
for_while     1,000    95.0 %  0.150
var_swap      1,000    99.9 %  0.151
with_as           –         –      –  the vocabulary cannot express it

1 of 3 tasks at an accuracy of 95 % or more and a loss of 0.15 or less`);
  expect(renderScores({ ...NONE, tasks: tasks.slice(0, 1) }, plain)).not.toContain("1 of");
});
