import { defineOptions, InputError } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { definePruner, findPruner, learnedMask, listPruners, type Pruner } from "../../src/index.ts";

const valid: Pruner = {
  name: "keep-all",
  version: "1.0.0",
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
    ["a missing hook", { finish: undefined }, /it has no finish/u],
  ])("refuses %s", (_, change, message) => {
    const define = () => definePruner({ ...valid, ...change } as unknown as Pruner);
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
