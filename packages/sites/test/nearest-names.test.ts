import * as fc from "fast-check";
import { expect, test } from "vitest";
import { didYouMean, nearestNames } from "../src/index.ts";

test("the nearest comes first", () => {
  expect(nearestNames("quot type", ["string body", "quote types", "quote type"])).toEqual([
    "quote type",
    "quote types",
  ]);
});

test("case and separators do not count, two swapped letters are one edit", () => {
  expect(nearestNames("Quote_Type", ["quote-type"])).toEqual(["quote-type"]);
  expect(nearestNames("atnt", ["tttt", "attn"])).toEqual(["attn"]);
});

test("nothing near, nothing offered", () => {
  expect(nearestNames("opener", ["zebra", "x"])).toEqual([]);
  expect(didYouMean("opener", ["zebra"])).toBeUndefined();
  expect(didYouMean("lst", ["last", "list"])).toBe('did you mean "last" or "list"?');
});

test("a candidate is its own nearest name, and answers come from the candidates without repeats", () => {
  const words = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(words, fc.nat(), (candidates, pick) => {
      const name = candidates[pick % candidates.length]!;
      const near = nearestNames(name, candidates, 100);
      expect(near).toContain(name);
      expect(new Set(near).size).toBe(near.length);
      expect(near.every((candidate) => candidates.includes(candidate))).toBe(true);
    }),
  );
});
