import { defineOptions, InputError } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { definePruner, findPruner, learnedMask, listPruners, type SteppingPruner } from "../../src/index.ts";

const valid: SteppingPruner = {
  name: "keep-all",
  version: "1.0.0",
  about: "for tests",
  apiVersion: 1,
  options: defineOptions({}),
  init: () => null,
  step: (_, __, state) => ({ state, done: true, progress: 1 }),
  finish: () => new Map(),
};

describe("definePruner", () => {
  test("gives a frozen object with the same parts", () => {
    const pruner = definePruner(valid);
    expect(pruner).toEqual(valid);
    expect(Object.isFrozen(pruner)).toBe(true);
  });

  test.each([
    ["another version of the contract", { apiVersion: 2 }, /version 2 of the contract/u],
    ["a name with spaces", { name: "Keep All" }, /the name is not usable/u],
    ["no version", { version: "" }, /no version/u],
    ["options that are no schema", { options: {} }, /no Standard Schema/u],
    ["a missing hook", { finish: undefined }, /a part is missing/u],
    ["both a score and steps", { score: () => new Map() }, /both score and steps/u],
    ["nothing said about it", { about: undefined }, /does not say what it does/u],
  ])("refuses %s", (_, change, message) => {
    const define = () => definePruner({ ...valid, ...change } as unknown as SteppingPruner);
    expect(define).toThrow(InputError);
    expect(define).toThrow(message);
  });
});

describe("pruners by name", () => {
  test("the built-in ones are there", () => {
    expect(findPruner("learned-mask")).toBe(learnedMask);
    expect(listPruners().map(({ name }) => name)).toContain("learned-mask");
  });

  test("others join them", () => {
    expect(findPruner("keep-all", [valid])).toBe(valid);
  });

  test("two of one name are refused", () => {
    expect(() => listPruners([valid, valid])).toThrow(/two pruners are called "keep-all"/u);
    expect(() => listPruners([{ ...valid, name: "learned-mask" }])).toThrow(InputError);
  });

  test("an unknown name is answered with the nearest", () => {
    expect(() => findPruner("learnt-mask")).toThrow(/did you mean "learned-mask"/u);
  });
});
