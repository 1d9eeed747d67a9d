import { seed } from "@filigree/core";
import { checkCircuit, parseCircuit, type Hypothesis } from "@filigree/hypothesis";
import { expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { extendTask, leftOutNotes, taskNames } from "../../src/data/extend-task.ts";
import { makeTask } from "../support/make-task.ts";

const LETTERS = ["[", "]", "x", "y"];
const textOf = (id: number): string => LETTERS[id]!;
const task = makeTask(
  [2, 3],
  ["kind", { name: "letter", nuisance: false }],
  [
    { ids: [0, 2, 1], answer: 2, features: { kind: 1, letter: "x" }, pair: 1 },
    { ids: [2, 2, 1], answer: 3, features: { kind: 2, letter: "x" }, pair: 0 },
    { ids: [0, 0, 3], answer: 2, features: { kind: 1, letter: "y" }, pair: 3 },
    { ids: [3, 0, 0], answer: 3, features: { kind: 2, letter: "y" }, pair: 2 },
  ],
);

function definitionsOf(text: string): Hypothesis {
  const { tree } = parseCircuit(`${text}\nembed carries kind`, "x.circuit");
  const shape = { nLayer: 1, nHead: 1, dHead: 2, dModel: 4, dMlp: 4 };
  const { hypothesis, diagnostics } = checkCircuit(tree, { shape, task: taskNames(task) });
  expect(diagnostics).toEqual([]);
  return hypothesis!;
}

test("positions and features of a file are bound in each example", () => {
  const hypothesis = definitionsOf(
    `feature depth at bracket: int = count("[") - count("]")
feature same: bool = letter == token(bracket + 0)
position bracket = last token "["
nuisance letter`.replace("bracket + 0", "last"),
  );
  const extended = extendTask(task, hypothesis, textOf);
  expect(extended.examples.map(({ positions }) => positions["bracket"])).toEqual([0, undefined, 1, 2]);
  expect(extended.examples.map(({ features }) => features["depth"])).toEqual([0, -1, 2, 2]);
  expect(extended.examples.map(({ features }) => features["same"])).toEqual([false, false, true, false]);
  expect(extended.features).toEqual([
    { name: "kind", nuisance: false },
    { name: "letter", nuisance: true },
    { name: "depth", nuisance: false, anchor: "bracket" },
    { name: "same", nuisance: false },
  ]);
  expect(extended.positionNames).toEqual([...task.positionNames, "bracket"]);
  expect(extended.leftOut).toEqual([]);
  expect(extended.hash).toBe(task.hash);
});

test("an example that a feature has no value of is never drawn, keeps its index, and is told of", () => {
  const hypothesis = definitionsOf(`position bracket = first token "["\nfeature where: int = index(bracket)`);
  const extended = extendTask(task, hypothesis, textOf);
  expect(extended.leftOut).toEqual([{ feature: "where", examples: 1 }]);
  expect(leftOutNotes(extended)).toEqual([`1 of the task's examples is left out: it has no value of "where"`]);
  const model = { config: { positions: "none" } } as Parameters<typeof drawDataset>[1];
  const { examples } = drawDataset(extended, model, { split: "test", count: 100, seed: seed(0) });
  expect(examples.map(({ taskIndex, partner }) => [taskIndex, partner])).toEqual([
    [0, undefined],
    [2, 2],
    [3, 1],
  ]);
});

test("without definitions the task's data stay as they are", () => {
  const { leftOut, ...extended } = extendTask(task, definitionsOf(""), textOf);
  expect(extended).toEqual(task);
  expect(leftOutNotes(task)).toEqual([]);
  expect(leftOut).toEqual([]);
});

test("the types of the task's features are told by their values", () => {
  const { features } = taskNames(task);
  expect(features).toEqual([
    { name: "kind", nuisance: false, type: "int" },
    { name: "letter", nuisance: false, type: "text" },
  ]);
});
