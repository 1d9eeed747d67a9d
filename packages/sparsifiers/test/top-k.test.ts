import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream, seed } from "@filigree/core";
import { defineSparsifier, findSparsifier, topK, type SparsifiedMatrix, type TopKOptions } from "../src/index.ts";

/** A matrix that only remembers how much of it may stay. */
function matrix(role: "block" | "embedding", rows: number, cols: number): SparsifiedMatrix & { kept: number } {
  return {
    name: role,
    role,
    rows,
    cols,
    kept: rows * cols,
    keepLargest(k) {
      this.kept = Math.min(this.kept, k);
      return this.kept;
    },
  };
}

const options = (given: object): TopKOptions => topK.parseOptions(given, "test");
const at = (step: number, steps: number) => ({ step, steps, random: randomStream(seed(0), "test") });

describe("top-k", () => {
  test("ends at the given fraction of each kind of matrix", () => {
    const o = options({ block: 0.02, embedding: 0.1 });
    const [block, embedding] = [matrix("block", 100, 50), matrix("embedding", 40, 50)];
    topK.step({}, [block, embedding], at(99, 100), o);
    expect([block.kept, embedding.kept]).toEqual([100, 200]);
  });

  test("starts dense, never rises, and is final after its share of the run", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.constantFrom("geometric" as const, "linear" as const),
        (block, annealUntil, anneal) => {
          const o = options({ block, annealUntil, anneal });
          const densities = Array.from({ length: 101 }, (_, step) => topK.density({ step, steps: 100 }, o));
          expect(densities[0]).toBe(1);
          for (let i = 1; i < densities.length; i++)
            expect(densities[i]).toBeLessThanOrEqual(densities[i - 1]! + 1e-12);
          expect(densities[100]).toBeCloseTo(block, 12);
          expect(densities[Math.ceil(100 * annealUntil)]).toBeCloseTo(block, 12);
        },
      ),
    );
  });

  test("raises the rate by at most four when capped, and to one at the final fraction when normalised", () => {
    const capped = options({ block: 0.01, sharkfin: "capped" });
    expect(topK.rateFactor({ step: 0, steps: 100 }, capped)).toBe(1);
    expect(topK.rateFactor({ step: 100, steps: 100 }, capped)).toBe(4);
    const normalised = options({ block: 0.01, sharkfin: "normalised" });
    expect(topK.rateFactor({ step: 0, steps: 100 }, normalised)).toBeCloseTo(0.1, 12);
    expect(topK.rateFactor({ step: 100, steps: 100 }, normalised)).toBe(1);
  });

  test.each([
    [{}, /"block" is missing/],
    [{ block: 0 }, /a share in \(0, 1\]/],
    [{ block: 0.1, anneal: "geometrc" }, /geometric/],
    [{ block: 0.1, fraction: 1 }, /unknown key "fraction"/],
  ])("refuses options %j", (given, message) => {
    expect(() => options(given)).toThrow(message);
  });
});

test("an unknown sparsifier is answered with the nearest name", () => {
  expect(() => findSparsifier("topk")).toThrow(/top-k/);
});

test("a plugin for another version of the contract is refused", () => {
  expect(() => defineSparsifier({ ...topK, apiVersion: 2 as 1 })).toThrow(/contract version 2/);
});

test("dense zeroes nothing", () => {
  const block = matrix("block", 10, 10);
  const dense = findSparsifier("dense");
  dense.step({}, [block], at(5, 10), dense.parseOptions({}, "test"));
  expect(block.kept).toBe(100);
});
