import { InputError } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { checkSparsifier, defineSparsifier, dense, findSparsifier, listSparsifiers, topK } from "../src/index.ts";

describe("defineSparsifier", () => {
  test("gives a frozen object with the same parts", () => {
    const given = { ...dense, name: "mine" };
    const sparsifier = defineSparsifier(given);
    expect(sparsifier).toEqual(given);
    expect(Object.isFrozen(sparsifier)).toBe(true);
  });

  test.each([
    ["another version of the contract", { apiVersion: 2 }, /version 2 of the contract.*apiVersion: 1/su],
    ["a name with spaces", { name: "Top K" }, /the name is not usable/u],
    ["no version", { version: "" }, /no version/u],
    ["nothing about it", { about: undefined }, /does not say what it does/u],
    ["options that are no schema", { options: {} }, /no Standard Schema/u],
    ["another storage", { storage: "sparse" }, /storage: "dense" or "nonzeros"/u],
    ["a missing hook", { step: undefined }, /it has no step/u],
  ])("refuses %s", (_, change, message) => {
    const define = () => defineSparsifier({ ...dense, ...change } as never);
    expect(define).toThrow(InputError);
    expect(define).toThrow(message);
  });

  test("what is no sparsifier at all is refused too", () => {
    expect(() => checkSparsifier(undefined, "a package")).toThrow(/a package: it is no sparsifier/u);
    expect(checkSparsifier(dense, "a package")).toBe(dense);
  });
});

describe("sparsifiers by name", () => {
  const mine = defineSparsifier({ ...dense, name: "mine" });

  test("are the built-in ones and those given", () => {
    expect(findSparsifier("top-k")).toBe(topK);
    expect(findSparsifier("mine", [mine])).toBe(mine);
    expect(listSparsifiers([mine]).map(({ name }) => name)).toEqual([
      "dense",
      "hard-concrete",
      "magnitude",
      "mine",
      "rigl",
      "set",
      "top-k",
    ]);
  });

  test("must differ", () => {
    expect(() => listSparsifiers([mine, mine])).toThrow(/two sparsifiers are called "mine"/u);
    expect(() => findSparsifier("dense", [{ ...mine, name: "top-k" }])).toThrow(InputError);
  });

  test("an unknown one is answered with the nearest", () => {
    expect(() => findSparsifier("topk")).toThrow(/did you mean "top-k"/u);
  });
});
