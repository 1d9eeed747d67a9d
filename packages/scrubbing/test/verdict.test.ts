import fc from "fast-check";
import { expect, test } from "vitest";
import type { Evidence } from "../src/statements/evidence.ts";
import { decide, meets } from "../src/verdict.ts";

const ALPHA = 0.05;
const interval = (low: number, high: number) => ({ estimate: (low + high) / 2, low, high, n: 100 });
const NOTHING = { controls: [], invariant: [], notes: [] };
const evidence = (low: number, high: number, more: Partial<Evidence> = {}): Evidence => ({
  ...NOTHING,
  figures: { V: interval(low, high) },
  requirements: [{ figure: "V", relation: ">=", threshold: 0.5, otherwise: "too little", rule: "ANY" }],
  ...more,
});

test.each([
  [0.6, 0.9, "supported"],
  [0.5, 0.9, "supported"],
  [0.4, 0.9, "inconclusive"],
  [0.1, 0.5, "inconclusive"],
  [0.1, 0.4, "refuted"],
  [NaN, NaN, "inconclusive"],
  [-Infinity, Infinity, "inconclusive"],
])("a lower bound of 0.5 on [%d, %d] is %s", (low, high, verdict) => {
  expect(decide(evidence(low, high), ALPHA).verdict).toBe(verdict);
});

test("the order: untestable, refuted, vacuous, inconclusive, supported", () => {
  const both = { untestable: "no donors", vacuous: "anything would pass" };
  expect(decide(evidence(0.1, 0.2, both), ALPHA)).toEqual({ verdict: "untestable", why: "no donors" });
  expect(decide(evidence(0.1, 0.2, { vacuous: "anything would pass" }), ALPHA).verdict).toBe("refuted");
  expect(decide(evidence(0.4, 0.6, { vacuous: "anything would pass" }), ALPHA).verdict).toBe("vacuous");
  expect(decide(evidence(0.6, 0.7, { vacuous: "anything would pass" }), ALPHA).verdict).toBe("vacuous");
});

test("a claim is supported exactly when every bound lies on its passing side", () => {
  const bound = fc.record({
    low: fc.double({ min: 0, max: 1, noNaN: true }),
    width: fc.double({ min: 0, max: 0.5, noNaN: true }),
    relation: fc.constantFrom("<=" as const, ">=" as const),
    threshold: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(bound, { minLength: 1, maxLength: 4 }), (bounds) => {
      const figures = Object.fromEntries(bounds.map(({ low, width }, i) => [`f${i}`, interval(low, low + width)]));
      const requirements = bounds.map(({ relation, threshold }, i) => ({
        figure: `f${i}`,
        relation,
        threshold,
        otherwise: "",
        rule: "ANY",
      }));
      const passes = bounds.every(({ low, width, relation, threshold }) =>
        relation === "<=" ? low + width <= threshold : low >= threshold,
      );
      const { verdict } = decide({ ...NOTHING, figures, requirements }, ALPHA);
      expect(verdict === "supported").toBe(passes);
    }),
  );
});

test("an open claim says how many examples would settle it: the interval narrows with the root of n", () => {
  // 0.1 too wide on the low side of 0.6, threshold 0.5: half the width takes four times the examples.
  const { why } = decide({ ...evidence(0, 0), figures: { V: { estimate: 0.6, low: 0.4, high: 0.8, n: 100 } } }, ALPHA);
  expect(why).toContain("about 400 examples would settle it");
});

test("expectations", () => {
  expect(meets("supported", { expected: "supported" })).toBe(true);
  expect(meets("vacuous", { expected: "supported" })).toBe(false);
  expect(meets("refuted", { expected: "refuted" })).toBe(true);
  expect(meets("inconclusive", { expected: "refuted" })).toBe(false);
  expect(meets("inconclusive", { expected: "not supported" })).toBe(true);
  expect(meets("supported", { expected: "not supported" })).toBe(false);
  // Of a rival nothing is expected, unless it is said.
  expect(meets("refuted", { expected: "supported", rival: "the other story" })).toBe(true);
  expect(meets("supported", { expected: "refuted", rival: "the other story" })).toBe(false);
});
