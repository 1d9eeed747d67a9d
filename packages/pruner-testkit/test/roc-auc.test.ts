import fc from "fast-check";
import { expect, test } from "vitest";
import { rocAuc } from "../src/index.ts";

test("is the share of pairs of a positive and a negative one that are in order, equal ones half", () => {
  const cases = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean()), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(cases, (cases) => {
      const [scores, positive] = [cases.map(([score]) => score), cases.map(([, is]) => is)];
      fc.pre(positive.includes(true) && positive.includes(false));
      let [inOrder, pairs] = [0, 0];
      scores.forEach((one, i) =>
        scores.forEach((other, j) => {
          if (!positive[i] || positive[j]) return;
          pairs++;
          inOrder += one > other ? 1 : Number(one === other) / 2;
        }),
      );
      expect(rocAuc(scores, positive)).toBeCloseTo(inOrder / pairs, 10);
    }),
  );
});

test("takes infinite scores, and refuses what has no area", () => {
  expect(rocAuc([-Infinity, 0, Infinity], [false, false, true])).toBe(1);
  expect(() => rocAuc([1, 2], [true, true])).toThrow(/both positives and negatives/iu);
  expect(() => rocAuc([1, Number.NaN], [true, false])).toThrow(/not a number/u);
});
