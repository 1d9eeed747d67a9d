import * as fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateExpression } from "../src/index.ts";

/** Whether a pattern is found in a text. */
function finds(source: string, text: string): boolean {
  const subject = { tokens: [text], features: {}, positions: {} };
  const pattern = { kind: "regex", source } as const;
  const operand = { kind: "token", at: { kind: "index", index: 0 } } as const;
  return evaluateExpression({ kind: "matches", operand, pattern }, subject) as boolean;
}

const atom = fc.constantFrom(
  "a",
  "b",
  ".",
  "[ab]",
  "[^a]",
  "\\d",
  "\\W",
  "\\s",
  "[\\d-]",
  "\\.",
  "[a-c]",
  "é",
  "\\n",
  "[\\D]",
);
const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{0}");
const { regex } = fc.letrec<{ regex: string }>((tie) => ({
  regex: fc.oneof(
    { depthSize: "small" },
    fc.tuple(atom, quantifier).map((parts) => parts.join("")),
    fc.tuple(tie("regex"), tie("regex")).map((parts) => parts.join("")),
    fc.tuple(tie("regex"), tie("regex")).map((parts) => `(?:${parts.join("|")})`),
    fc.tuple(tie("regex"), quantifier).map(([inner, times]) => `(${inner})${times}`),
    tie("regex").map((inner) => `^${inner}`),
    tie("regex").map((inner) => `(${inner}$|b)`),
  ),
}));

test("patterns find what JavaScript's regular expressions find", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", " ", "\n", "é", "-", "😀"), maxLength: 8 });
  fc.assert(
    fc.property(regex, text, (source, of) => {
      // JavaScript's \s and \W know more of Unicode than patterns do; none of that is in these texts.
      expect(finds(source, of)).toBe(new RegExp(source, "u").test(of));
    }),
    { numRuns: 3000 },
  );
});

test("patterns that take other engines for ever take one pass", () => {
  const evil = ["^(a+)+$", "^(a|aa)*$", "(a*)*b", "(.*a){20}$", "^((a{0,50}){0,9})$"];
  const before = performance.now();
  for (const source of evil) expect(finds(source, `${"a".repeat(3000)}!`)).toBe(false);
  expect(performance.now() - before).toBeLessThan(5000);
});

test("a pattern is found anywhere, and held to the ends by ^ and $", () => {
  expect(finds("b", "abc")).toBe(true);
  expect(finds("^b", "abc")).toBe(false);
  expect(finds("b$", "abc")).toBe(false);
  expect(finds("^abc$", "abc")).toBe(true);
  expect(finds("", "")).toBe(true);
});

test("a pattern that the checker would have refused is an error, not a guess", () => {
  expect(() => finds("(?=a)", "a")).toThrow(/look around/u);
});
