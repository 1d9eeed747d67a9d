import * as fc from "fast-check";
import { expect, test } from "vitest";
import { elementsOf, readXml, textOf, type Element } from "../../../pruners/test/picture/read-xml.ts";
import { junitReport } from "../../src/index.ts";
import { checkedText, refuted } from "./checked-text.ts";

const DECLARATION = `<?xml version="1.0" encoding="UTF-8"?>\n`;

function read(xml: string): Element {
  expect(xml.startsWith(DECLARATION)).toBe(true);
  return readXml(xml.slice(DECLARATION.length));
}

test("a suite a file, a case a claim; what is not as expected is a failure, with its frame", () => {
  const source = "embed at opener carries quote type\nembed at opener carries string body\n";
  const mixed = checkedText(source, [
    [{}, {}],
    [{ ...refuted[0], line: 2 }, refuted[1]],
    [{ verdict: "untestable", met: false, why: "add examples" }, {}],
    [{ verdict: "refuted", expected: "not supported" }, {}],
  ]);
  const root = read(junitReport([mixed, checkedText("", [[{}, {}]])]));
  expect(root.name).toBe("testsuites");
  expect(Object.fromEntries(root.attributes)).toMatchObject({ tests: "5", failures: "2" });
  const suites = elementsOf(root).filter(({ name }) => name === "testsuite");
  expect(suites.map(({ attributes }) => [attributes.get("tests"), attributes.get("failures")])).toEqual([
    ["4", "2"],
    ["1", "0"],
  ]);
  const cases = elementsOf(suites[0]!).filter(({ name }) => name === "testcase");
  expect(cases.map((one) => elementsOf(one).length)).toEqual([0, 1, 1, 0]);
  expect(Object.fromEntries(cases[1]!.attributes)).toEqual({
    name: "claim 2: embed at opener carries string body",
    classname: "quotes.circuit",
    file: "quotes.circuit",
    line: "2",
  });
  const [failure] = elementsOf(cases[1]!);
  expect(failure!.attributes.get("type")).toBe("refuted");
  expect(failure!.attributes.get("message")).toBe(
    "refuted, expected supported: the site does more than string body explains (r 2.1 [1.6, 2.7], wanted ≤ 0.2)",
  );
  expect(textOf(failure!)).toContain("quotes.circuit:2:1: refuted: expected supported\n  2 | embed at opener");
});

test("is XML whatever the texts hold", () => {
  const odd = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("]]>", "\u0000", '"<&\n\t', "\ud83d", "\uffff"));
  fc.assert(
    fc.property(odd, odd, odd, (text, why, file) => {
      const checked = checkedText(text, [[{ text, why, met: false }, {}]]);
      const root = read(junitReport([{ ...checked, verdict: { ...checked.verdict, file } }]));
      expect(elementsOf(root).filter(({ name }) => name === "failure")).toHaveLength(1);
    }),
  );
});
