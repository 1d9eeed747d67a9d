import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimFrame } from "../../src/index.ts";
import { claimExtent } from "../../src/report/claim-extent.ts";
import { claimDetails, claimVerdict, refuted } from "./checked-text.ts";

describe("where a statement stands", () => {
  test("over lines and comments", () => {
    const source = "task t\nclaim a: embed + // both\r\n  attn L0   carries f  expect refuted\n";
    const text = "embed + attn L0 carries f";
    const { start, end } = claimExtent(source, { line: 2, column: 10 }, text)!;
    expect(source.slice(start, end)).toBe("embed + // both\r\n  attn L0   carries f");
    expect(claimExtent(source, { line: 1, column: 1 }, text)).toBeUndefined();
    expect(claimExtent(source, { line: 9, column: 1 }, text)).toBeUndefined();
  });

  test("any layout of the same words", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9".{}+,`-]{1,6}$/u);
    const gap = fc.constantFrom(" ", "  ", "\n", "\r\n  ", "\t", " // a comment\n", "\n// one\n// two\n ");
    fc.assert(
      fc.property(fc.array(fc.tuple(word, gap), { minLength: 1, maxLength: 8 }), (pieces) => {
        const written = pieces.map(([one, space], i) => (i === pieces.length - 1 ? one : one + space)).join("");
        const source = `// first\n  ${written} expect refuted`;
        const extent = claimExtent(source, { line: 2, column: 3 }, pieces.map(([one]) => one).join(" "));
        expect(source.slice(extent!.start, extent!.end)).toBe(written);
      }),
    );
  });
});

describe("a code frame", () => {
  test("place, excerpt, why, and the reason with its example", () => {
    const [claim, details] = refuted;
    const source = "task t\n  embed at opener carries string body  expect r <= 0.2";
    const frame = claimFrame(
      claimVerdict({ ...claim, line: 2 }),
      claimDetails({ ...details, column: 3 }),
      "a.circuit",
      source,
    );
    expect(frame.split("\n")).toEqual([
      "a.circuit:2:3: refuted: expected supported",
      "  2 |   embed at opener carries string body  expect r <= 0.2",
      "    |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
      "  the site does more than string body explains (r 2.1 [1.6, 2.7], wanted ≤ 0.2)",
      "  swapping embed at opener between prompts with the same string body changed 38 % of 2,048 answers",
      "  worst on f«('»a",
      `    donor  f«("»b`,
      `    answer ') 98 % → ") 71 %`,
    ]);
  });

  test("of a source that is not the one that was checked", () => {
    const frame = claimFrame(claimVerdict({ line: 7 }), claimDetails({}), "a.circuit", "short");
    expect(frame.split("\n").slice(0, 3)).toEqual(["a.circuit:7:1: supported: expected supported", "  7 |", "    | ^"]);
  });
});
