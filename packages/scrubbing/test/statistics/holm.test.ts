import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClaimVerdict } from "../../src/index.ts";
import { holm } from "../../src/statistics/holm.ts";
import { normalQuantile, normalTail } from "../../src/statistics/normal.ts";
import { decide, settleRefutations } from "../../src/verdict.ts";

test("Holm's procedure: the example of its textbook, and what it never does", () => {
  // Against 0.05 / 4, 0.05 / 3, 0.05 / 2: 0.03 is too much, and ends it.
  expect(holm([0.01, 0.03, 0.005], 4, 0.05)).toEqual([true, false, true]);
  expect(holm([0.04], 1, 0.05)).toEqual([true]);
  expect(holm([0.04], 2, 0.05)).toEqual([false]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.05, noNaN: true }), { maxLength: 8 }), fc.nat(8), (ps, more) => {
      const rejected = holm(ps, ps.length + more, 0.05);
      // At least as much is rejected as by Bonferroni, and never a larger p before a smaller one.
      const bonferroni = ps.map((p) => p <= 0.05 / (ps.length + more));
      expect(bonferroni.filter((chosen, i) => chosen && !rejected[i])).toEqual([]);
      const largest = Math.max(0, ...ps.filter((_, i) => rejected[i]));
      expect(ps.filter((p, i) => p < largest && !rejected[i])).toEqual([]);
    }),
  );
});

test("the normal tail against known values", () => {
  expect(normalTail(0)).toBeCloseTo(0.5, 12);
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12);
  expect(normalTail(2.9999999)).toBeCloseTo(normalTail(3.0000001), 8);
  expect(normalTail(5) / 2.866515718791939e-7).toBeCloseTo(1, 8);
  expect(normalQuantile(0.025)).toBeCloseTo(-1.959963984540054, 9);
});

test("a bound that fails just so has p just below alpha, and one far off a small one", () => {
  const decision = (low: number) =>
    decide(
      {
        figures: { r: { estimate: low + 0.1, low, high: low + 0.3, n: 100 } },
        requirements: [{ figure: "r", relation: "<=", threshold: 0.2, otherwise: "", rule: "EQ" }],
        controls: [],
        invariant: [],
        notes: [],
      },
      0.05,
    );
  expect(decision(0.2001).p).toBeCloseTo(0.05, 3);
  expect(decision(0.2001).p).toBeLessThan(0.05);
  expect(decision(0.6).p).toBeLessThan(1e-6);
  expect(decision(0.1).p).toBeUndefined();
});

test("a refutation that many claims make likely leaves its claim inconclusive", () => {
  const bounds = [{ figure: "U", relation: "<=", threshold: 0.1, side: "fails" }] as const;
  const one = (i: number, p: number | undefined): ClaimVerdict => ({
    name: `claim ${i}`,
    text: "",
    line: 1,
    verdict: p === undefined ? "supported" : "refuted",
    expected: "refuted",
    met: p !== undefined,
    proven: false,
    ...(p !== undefined && { p }),
    why: "it fails",
    figures: {},
    bounds,
    controls: [],
    worst: [],
    notes: [],
    forwardPasses: 0,
  });
  const settle = (ps: readonly (number | undefined)[]) =>
    settleRefutations(
      ps.map((p, i) => one(i, p)),
      0.05,
    ).map(({ verdict, met }) => [verdict, met]);
  expect(settle([0.001, 0.04, undefined])).toEqual([
    ["refuted", true],
    ["inconclusive", false],
    ["supported", false],
  ]);
  expect(settle([0.001, 0.02, 0.01])).toEqual([
    ["refuted", true],
    ["refuted", true],
    ["refuted", true],
  ]);
});
