import { expect, test } from "vitest";
import { seed } from "@filigree/core";
import { bigramTable, drawBatch } from "../src/index.ts";

test("the bigram table holds log(1 + count) of pairs that occur often enough", () => {
  const tokens = Uint16Array.of(0, 1, 0, 1, 2, 0, 1);
  const table = bigramTable(tokens, 3, { minCount: 2, scale: "log-count" });
  expect([...table]).toEqual([0, Math.fround(Math.log(4)), 0, 0, 0, 0, 0, 0, 0]);
  expect(bigramTable(tokens, 3, { minCount: 1, scale: "log-count" })[1 * 3 + 2]).toBeCloseTo(Math.log(2), 6);
});

test("above the floor, a pair at the threshold is worth hardly more than one below it", () => {
  const tokens = Uint16Array.from({ length: 41 }, (_, i) => i % 2);
  const table = bigramTable(tokens, 2, { minCount: 20, scale: "above-floor" });
  expect(table[1]).toBeCloseTo(Math.log(21 / 20), 6);
  expect(table[0]).toBe(0);
});

test("a batch is sequences and their next tokens, the same for the same index only", () => {
  const tokens = Uint16Array.from({ length: 500 }, (_, i) => i);
  const size = { batch: 5, context: 9 };
  const at = (index: number) => drawBatch(tokens, size, { seed: seed(0), name: "training/batch", index });
  const first = at(3);
  expect([...first.targets]).toEqual([...first.ids].map((id) => id + 1));
  for (let i = 1; i < 9; i++) expect(first.ids[i]).toBe(first.ids[0]! + i);
  expect(at(3)).toEqual(first);
  expect(at(4)).not.toEqual(first);
});
