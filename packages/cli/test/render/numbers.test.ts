import { expect, test } from "vitest";
import { bytes, count, counted, duration, figure, loss, percent } from "../../src/render/numbers.ts";

test("counts have separators and agree with their noun", () => {
  expect([0, 999, 1_000, 1_234_567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([counted(1, "claim"), counted(2, "claim"), counted(0, "claim")]).toEqual(["1 claim", "2 claims", "0 claims"]);
});

test("figures have two decimals and no negative zero", () => {
  expect([0.974, -0.001, -0.01, 1, Infinity, -Infinity, NaN].map(figure)).toEqual([
    "0.97",
    "0.00",
    "-0.01",
    "1.00",
    "∞",
    "-∞",
    "–",
  ]);
  expect([0.0644, NaN].map(loss)).toEqual(["0.064", "–"]);
});

test("a percentage is 0 or 100 only where the share is", () => {
  expect([0, 0.0001, 0.02, 0.994, 0.9999, 1].map(percent)).toEqual([
    "0.0 %",
    "< 0.1 %",
    "2.0 %",
    "99.4 %",
    "> 99.9 %",
    "100.0 %",
  ]);
});

test("sizes and times have the unit that fits", () => {
  expect([260, 9_844, 1_500_000, 2e9].map(bytes)).toEqual(["260 B", "9.8 kB", "1.5 MB", "2.0 GB"]);
  expect([4.4, 200, 3_900].map(duration)).toEqual(["4 s", "3 min 20 s", "1 h 5 min"]);
});
