import fc from "fast-check";
import { expect, test } from "vitest";
import { largestMagnitudes } from "../src/largest-magnitudes.ts";

const values = fc.array(
  fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149), 0.5, -0.5)),
  { minLength: 1, maxLength: 60 },
);

test("takes the k largest magnitudes, ties to the lower index, and nothing that is excepted", () => {
  fc.assert(
    fc.property(values, fc.nat(70), fc.nat(), (list, k, mask) => {
      const data = Float32Array.from(list);
      const except = Int32Array.from([...data.keys()].filter((i) => ((mask >> (i % 20)) & 1) === 1));
      const order = [...data.keys()]
        .filter((i) => !except.includes(i))
        .sort((a, b) => Math.abs(data[b]!) - Math.abs(data[a]!) || a - b);
      const expected = order.slice(0, k).sort((a, b) => a - b);
      expect([...largestMagnitudes(data, k, except)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("reads a view of a larger buffer, where it begins", () => {
  const view = new Float32Array(Float32Array.of(9, 8, 1, -3, 2).buffer, 8);
  expect([...largestMagnitudes(view, 2)]).toEqual([1, 2]);
});
