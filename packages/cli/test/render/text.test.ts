import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cut, padEnd, padStart, widthOf, wrap } from "../../src/render/text.ts";

describe("widths", () => {
  test("count graphemes, wide ones twice and colour codes not at all", () => {
    expect(widthOf("claim")).toBe(5);
    expect(widthOf("e\u0301")).toBe(1);
    expect(widthOf("名前")).toBe(4);
    expect(widthOf("\u001B[31mred\u001B[39m")).toBe(3);
  });

  test("padding fills up to a width and never cuts", () => {
    expect(padEnd("名", 4)).toBe("名  ");
    expect(padStart("7", 3)).toBe("  7");
    expect(padEnd("longer", 3)).toBe("longer");
  });

  test("a cut text fits and says that something is missing", () => {
    expect(cut("step 10 of 20", 8)).toBe("step 10…");
    expect(cut("short", 8)).toBe("short");
  });
});

describe("wrapping", () => {
  test("breaks between words, and inside a word that is longer than a line", () => {
    expect(wrap("attn L1 copies quote type", 12)).toEqual(["attn L1", "copies quote", "type"]);
    expect(wrap("abcdefgh ij", 5)).toEqual(["abcde", "fgh", "ij"]);
    expect(wrap("", 10)).toEqual([""]);
  });

  test("keeps every word, and every line fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const plain = stripVTControlCharacters(text);
        const lines = wrap(plain, width);
        expect(lines.every((line) => widthOf(line) <= width)).toBe(true);
        expect(lines.join("").replace(/\s+/gu, "")).toBe(plain.replace(/\s+/gu, ""));
      }),
    );
  });
});
