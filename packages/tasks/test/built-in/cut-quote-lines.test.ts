import { describe, expect, it } from "vitest";
import { parseTokenizer, trainBpe } from "@filigree/core";
import { cutQuoteLines, isHeldOut, type CorpusFile } from "../../src/index.ts";

const tokenizer = parseTokenizer(trainBpe([`('(("("')')")")`.repeat(5)], { vocabSize: 261 }), "quotes and bytes");
const file = (path: string, heldOut: boolean, ...lines: string[]): CorpusFile => ({
  path,
  text: lines.join("\n"),
  heldOut,
});
const cut = (...files: CorpusFile[]): string[] =>
  cutQuoteLines(files, tokenizer).map(({ before, body, kind }) => `${before}|${body}|${kind}`);

describe("cutQuoteLines", () => {
  it("cuts calls at the closing quote, indentation kept", () => {
    const lines = [
      '    raise ValueError("file not found")',
      "say('good day') or say('hello')  # 'x'",
      "\tf('tabs')",
      "x",
    ];
    expect(cut(file("a.py", true, ...lines))).toEqual([
      "    raise ValueError|file not found|double",
      "say|good day|single",
      "\tf|tabs|single",
    ]);
  });

  it("leaves out strings that are short, quoted twice, escaped, bracketed or unfinished", () => {
    const lines = [
      'f("abc")',
      "f('it\"s')",
      'f("a\\nbcd")',
      'f("a (b) c")',
      'f("abcd", 1)',
      'f(b"abcd")',
      'x = "y" + f("abcd")',
      '# f("abcd")',
      'f("""abcd""")',
      `f("${"long ".repeat(20)}")`,
    ];
    expect(cut(file("a.py", true, ...lines))).toEqual([]);
  });

  it("takes held-out files only, and no line that a training file has, whatever its quotes and indentation", () => {
    const training = file("t.py", false, 'f("known line")', 'f("other line")');
    const held = file("h.py", true, "    f('known line')", "g('known line')");
    expect(cut(training, held)).toEqual(["g|known line|single"]);
    expect(cut(held, training)).toEqual(["g|known line|single"]);
  });

  it("takes a repeated line once and not too many of one file", () => {
    expect(cut(file("a.py", true, "f('abcd')", 'f("abcd")'), file("b.py", true, "f('abcd')"))).toHaveLength(1);
    const many = Array.from({ length: 500 }, (_, index) => `f('line ${index}')`);
    const chosen = cut(file("a.py", true, ...many));
    expect(chosen.length).toBeLessThan(60);
    expect(chosen.length).toBeGreaterThan(40);
    expect(cut(file("a.py", true, ...many.toReversed())).toSorted()).toEqual(chosen.toSorted());
  });

  it("gives the lines of one file to one split, and a string to one split", () => {
    const files = Array.from({ length: 60 }, (_, index) =>
      file(`${index}.py`, true, `f('line of ${index}')`, `g('more of ${index}')`, `h${index}('everywhere')`),
    );
    const lines = cutQuoteLines(files, tokenizer);
    const splitsOf = (key: "file" | "body", value: string): Set<string> =>
      new Set(lines.filter((line) => line[key] === value).map((line) => line.split));
    for (const { file, body } of lines) {
      expect(splitsOf("file", file).size).toBe(1);
      expect(splitsOf("body", body).size).toBe(1);
    }
    expect(new Set(lines.map((line) => line.split)).size).toBe(2);
  });
});

describe("the lines that come with the package", () => {
  it("are from held-out files and name their owner", async () => {
    const { default: data } = await import("../../src/built-in/single-double-quote/quote-lines.json", {
      with: { type: "json" },
    });
    expect(data.notice).toMatch(/Python Software Foundation.*PSF-2\.0/u);
    for (const line of data.lines) expect(isHeldOut(line.file)).toBe(true);
  });
});
