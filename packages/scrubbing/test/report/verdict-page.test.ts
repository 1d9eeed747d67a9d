import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementsOf, readXml, textOf, withClass, type Element } from "../../../pruners/test/picture/read-xml.ts";
import { verdictPage, type CheckedText } from "../../src/index.ts";
import { checkedText, refuted, shownSwap } from "./checked-text.ts";

/** The body of a page, which is written as XML would have it. */
function body(page: string): Element {
  return readXml(/<body>[^]*<\/body>/u.exec(page)![0].replace(/<br>/gu, "<br/>"));
}

const SOURCE = `circuit "Quotes"\n\nembed at opener carries quote type  // the first\nembed at opener carries string body\nkept is sufficient and necessary\n`;

function quotes(): CheckedText {
  const circuit = { text: "kept is sufficient and necessary", line: 5 };
  return checkedText(SOURCE, [
    [{ line: 3 }, { worst: [shownSwap()] }],
    [{ ...refuted[0], line: 4 }, refuted[1]],
    [{ ...circuit, verdict: "untestable", met: false }, { kind: "sufficient" }],
    [
      { ...circuit, expected: "not supported", verdict: "vacuous" },
      { kind: "necessary", rival: "another story" },
    ],
  ]);
}

describe("a page", () => {
  test("stands alone: no scripts, nothing from elsewhere, links only within it, equal bytes", () => {
    const page = verdictPage([quotes()]);
    expect(page).toBe(verdictPage([structuredClone(quotes())]));
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|https?:|javascript:/u);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    const elements = elementsOf(body(page));
    const ids = new Set(elements.map(({ attributes }) => attributes.get("id")));
    const links = elements.flatMap(({ attributes }) => attributes.get("href") ?? []);
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) {
      expect(link).toMatch(/^#/u);
      expect(ids).toContain(link.slice(1));
    }
  });

  test("shows the source as it is, each sentence with its verdict in words", () => {
    const [source] = withClass(body(verdictPage([quotes()])), "source");
    const lines = source!.children.map((line) => textOf(line as Element));
    expect(lines).toEqual([
      `circuit "Quotes"`,
      "",
      "embed at opener carries quote type  // the first✓ supported",
      "embed at opener carries string body✗ refuted",
      "kept is sufficient and necessary✗ untestable✓ vacuous",
    ]);
  });

  test("a claim: why, what its swaps did, figures with bounds, controls, histograms, prompts with what is swapped", () => {
    const section = withClass(body(verdictPage([quotes()])), "claim")[1]!;
    const text = textOf(section);
    expect(text).toContain(
      "Swapping embed at opener between prompts with the same string body changed 38 % of 2,048 answers.",
    );
    const rows = elementsOf(section)
      .filter(({ name }) => name === "tr")
      .map((row) => row.children.map((cell) => textOf(cell as Element)));
    expect(rows).toContainEqual(["r", "2.100", "[1.600, 2.700]", "244", "≤ 0.2", "breaks it"]);
    expect(rows).toContainEqual(["shuffled labels", "r", "1.000", "[0.900, 1.100]", ""]);
    const picture = elementsOf(section).find(({ name }) => name === "svg");
    expect(picture!.attributes.get("aria-label")).toBe(
      "Divergence in nats under EQ(string body). 0.01 to 0.03: 1,000; 0.03 to 0.1: 48; 0.1 to 0.3: 1,000.",
    );
    const marks = elementsOf(section).filter(({ name }) => name === "mark");
    expect(marks.slice(0, 2).map(textOf)).toEqual(["('", '("']);
  });

  test("the tree, rivals apart, and what the run was", () => {
    const root = body(verdictPage([quotes()]));
    const [tree] = withClass(root, "tree");
    expect(textOf(tree!)).toContain("rival “another story”");
    expect(textOf(tree!)).toContain("sites embed at opener");
    const facts = textOf(elementsOf(root).find(({ name }) => name === "dl")!);
    for (const fact of ["4,096 forward passes", "examples 512, donors 4", "a".repeat(64), "d".repeat(64)]) {
      expect(facts).toContain(fact);
    }
    expect(textOf(root)).toContain("2 of 4 claims as expected (1 supported, 1 refuted, 1 untestable, 1 vacuous)");
  });

  test("several files on one page, their claims told apart", () => {
    const sections = withClass(body(verdictPage([quotes(), quotes()])), "claim");
    expect(new Set(sections.map(({ attributes }) => attributes.get("id"))).size).toBe(8);
  });

  test("text from strangers is text, whatever it holds", () => {
    const odd = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(`</pre><script>alert(1)</script>`, `" onload="x`, "&lt;", "\u0000\u001b[0m", "\ud800", "]]>"),
    );
    fc.assert(
      fc.property(odd, odd, odd, (a, b, c) => {
        const swap = shownSwap({
          reference: { example: 0, tokens: [a, b], swapped: [0], answerAt: 1 },
          before: { text: c },
        });
        const rule = { ...refuted[1].rules![0]!, rule: b, most: [swap], least: [swap] };
        const figures = { [c]: { estimate: NaN, low: -Infinity, high: Infinity, n: 1 } };
        const checked = checkedText(`${a}\n${b}`, [
          [
            { text: a, name: b, why: c, figures, notes: [a], controls: [{ name: b, figures }] },
            { rules: [rule], worst: [swap], rival: c, sites: [{ role: a, sites: [b] }] },
          ],
        ]);
        const elements = elementsOf(body(verdictPage([checked])));
        expect(elements.filter(({ name }) => /^(?:script|img|iframe|object|style)$/u.test(name))).toEqual([]);
        for (const { attributes } of elements) {
          for (const name of attributes.keys()) expect(name).not.toMatch(/^on/u);
        }
      }),
      { numRuns: 20 },
    );
  });
});
