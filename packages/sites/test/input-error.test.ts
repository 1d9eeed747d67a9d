import { expect, test } from "vitest";
import { InputError } from "../src/index.ts";

test("the message tells the place, the fault, what was expected and what to do", () => {
  const cause = new Error("inner");
  const error = new InputError({ what: "bad", where: "a.json", expected: "good", hint: "repair it", cause });
  expect(error.message).toBe("a.json: bad\n  expected: good\n  hint: repair it");
  expect(error).toMatchObject({
    name: "InputError",
    what: "bad",
    where: "a.json",
    expected: "good",
    hint: "repair it",
  });
  expect(error.cause).toBe(cause);
});

test("parts that are not given leave no trace in the message", () => {
  expect(new InputError({ what: "bad" }).message).toBe("bad");
});

test("a place around the problem's own comes first", () => {
  const cause = new Error("why");
  const error = new InputError({ what: "bad", where: "a.json", expected: "good", cause });
  expect(error.within("b.zip")).toMatchObject({ what: "bad", where: "b.zip: a.json", expected: "good", cause });
  expect(new InputError({ what: "bad" }).within("b.zip").message).toBe("b.zip: bad");
});
