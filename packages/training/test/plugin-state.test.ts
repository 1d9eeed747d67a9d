import { SparsifierError } from "@filigree/sparsifiers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packState, unpackState } from "../src/plugin-state.ts";

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const arrays = fc.array(fc.float()).map((values) => Float32Array.from(values));
const { state } = fc.letrec((tie) => ({
  state: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    numbers,
    fc.string(),
    arrays,
    fc.array(tie("state"), { maxLength: 3 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__" && !key.startsWith("$")),
      tie("state"),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
}));

function thereAndBack(value: unknown): unknown {
  const { json, arrays } = packState(value, "x");
  return unpackState(JSON.parse(json), arrays, "x");
}

test("plain data with arrays of numbers anywhere in it comes back the same, to the bit", () => {
  fc.assert(
    fc.property(state, (value) => {
      expect(thereAndBack(value)).toEqual(value);
    }),
  );
});

test("two arrays have two names, whatever the keys above them", () => {
  const state = { "a/b": Float32Array.of(1), a: { b: Float32Array.of(2), "~1": { "": Float32Array.of(3) } } };
  expect(packState(state, "x").arrays.size).toBe(3);
  expect(thereAndBack(state)).toEqual(state);
});

test.each([
  ["a function", { f: () => 1 }, /at "\/f"/u],
  ["an instance", { deep: [new Date(0)] }, /at "\/deep\/0"/u],
  ["no number", { n: NaN }, /at "\/n": NaN/u],
  ["nothing", { n: undefined }, /at "\/n": undefined/u],
  ["no state", undefined, /at "": undefined .*\{\} where there is nothing to remember/u],
  ["another array of numbers", { a: new Float64Array(2) }, /at "\/a"/u],
  ["a name that means an array", { $float32: "x" }, /at ""/u],
])("refuses %s, and says where it is", (_, value, message) => {
  expect(() => packState(value, "half@1.0.0")).toThrow(SparsifierError);
  expect(() => packState(value, "half@1.0.0")).toThrow(message);
});
