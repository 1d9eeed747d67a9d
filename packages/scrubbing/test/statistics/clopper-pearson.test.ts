import fc from "fast-check";
import { expect, test } from "vitest";
import { clopperPearson } from "../../src/index.ts";
import { effectiveTrials } from "../../src/statistics/clopper-pearson.ts";

/** P(at least k of n) at probability p, by adding up the binomial terms. */
function atLeast(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let below = 0;
  for (let i = 0; i < k; i++) {
    below += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return 1 - below;
}

test("the bounds are the probabilities at which so much, or so little, would have chance α / 2", () => {
  const cases = fc.integer({ min: 1, max: 60 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })));
  fc.assert(
    fc.property(cases, fc.constantFrom(0.01, 0.05, 0.2), ([n, k], alpha) => {
      const { low, high, estimate } = clopperPearson(k / n, n, alpha);
      expect(estimate).toBe(k / n);
      // The tail beyond a bound has chance α / 2; where there is no tail, the bound is the end.
      expect(k === 0 ? low : atLeast(k, n, low)).toBeCloseTo(k === 0 ? 0 : alpha / 2, 8);
      expect(k === n ? high : 1 - atLeast(k + 1, n, high)).toBeCloseTo(k === n ? 1 : alpha / 2, 8);
    }),
  );
});

test.each([
  // R: binom.test(k, n)$conf.int
  [0, 10, 0, 0.3084971],
  [5, 10, 0.187086, 0.812914],
  [10, 10, 0.6915029, 1],
  [97, 100, 0.9148, 0.9938],
])("%i of %i", (k, n, low, high) => {
  const interval = clopperPearson(k / n, n, 0.05);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

test("pairs that agree are worth half their number, independent outcomes all of it", () => {
  const outcomes = Array.from({ length: 200 }, (_, i) => i % 10 < 6);
  const alone = outcomes.map((_, i) => i);
  expect(effectiveTrials(outcomes, alone)).toBeCloseTo(199, 6);
  const twice = outcomes.flatMap((outcome) => [outcome, outcome]);
  const pairs = twice.map((_, i) => Math.floor(i / 2));
  expect(effectiveTrials(twice, pairs)).toBeCloseTo(199, 6);
});

test("where all outcomes agree, only the clusters count, and one cluster is one trial", () => {
  const all = Array.from({ length: 40 }, () => true);
  expect(
    effectiveTrials(
      all,
      all.map((_, i) => i % 4),
    ),
  ).toBe(4);
  const mixed = all.map((_, i) => i % 2 === 0);
  expect(
    effectiveTrials(
      mixed,
      mixed.map(() => 0),
    ),
  ).toBe(1);
});
