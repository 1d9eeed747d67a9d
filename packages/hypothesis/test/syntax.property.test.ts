import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkCircuit, formatCircuit, formatDiagnostic, parseCircuit } from "../src/index.ts";
import { printTree } from "./print-tree.ts";
import { environment } from "./quote-environment.ts";
import { items, spanless } from "./trees.ts";

/** A text in quotes, or the space after a `+` or `,` outside of one. */
const TEXT_OR_GAP = /("(?:\\["\\]|[^"\\]|\\(?!["\\]))*")|(?<=[+,]) /g;
const notes = (text: string): number => text.split("// note").length;

test("a printed tree parses as itself", () => {
  fc.assert(
    fc.property(items, (tree) => {
      const parsed = parseCircuit(printTree(tree), "x");
      expect(parsed.diagnostics).toEqual([]);
      expect(spanless(parsed.tree.items)).toEqual(spanless(tree));
    }),
    { numRuns: 1000 },
  );
}, 60_000);

test("laying out keeps the tree, and laying out again changes nothing", () => {
  fc.assert(
    fc.property(items, fc.infiniteStream(fc.constantFrom(" ", "  ", "\t", " // note\n  ")), (tree, gaps) => {
      const loose = printTree(tree).replace(TEXT_OR_GAP, (_, quoted?: string) => quoted ?? gaps.next().value!);
      const once = formatCircuit(loose, "x").text!;
      expect(spanless(parseCircuit(once, "x").tree.items)).toEqual(spanless(tree));
      expect(formatCircuit(once, "x").text).toBe(once);
      expect(notes(once)).toBe(notes(loose));
    }),
    { numRuns: 500 },
  );
}, 60_000);

const seeds = [
  `circuit "A string closes with the quote that opened it"
model "../models/python-small"
task  single_double_quote
import "parts.circuit"
let string detector = mlp L0 neurons 18, 47
attn L1 copies quote type                                  // the shortest useful claim
string detector at opener carries at most quote type
attn L1 head 3 copies quote type from opener to last via v alone   expect transfer >= 40%`,
  `attn L1 head 3 attends from last to opener any index         expect mass >= 0.5
attn L1 head 3.v ignores string body when length() > 3 and token(last) matches /[a-z]+/
let kept = nodes from "quotes.nodes.json"
claim whole: { kept + \`0.attn.q.3\`,
  mlp L1 neurons 3-9 } is sufficient, necessary jointly and minimal expect unexplained <= 10%, refuted
rival "x" {
  let mine = mlp L0
  mine does not affect logits except through attn L1 with norms held
}`,
  `feature depth at last: int = count("[") - count(/[\\])]/ after opener before last) * 2
nuisance feature deep: bool = not depth mod 2 == 1 or if true then depth > 3 else abs(-depth) <= max(1, 2)
position first bracket = first token matching /[[(]{1,2}/ after opener
position next = first bracket + 1
nuisance string body, deep
resid L0 channels 12, 20 at next computes depth from embed at first bracket by quote type, attn L0
mlp L1 neurons 3 equals 3 * depth + index(next) / 2
mlp L0 contains depth
mlp L0 affects logits`,
];
const bits = [
  "{",
  "}",
  "+",
  ",",
  '"',
  "`",
  "//",
  "\n",
  "\r\n",
  "expect",
  "at",
  "L99",
  ".",
  "-",
  "%",
  "circuit",
  "let a =",
  "\u0000",
  "é",
  "\ud800",
  "9e99",
  "constructor",
  "(",
  ")",
  "/",
  "when ",
  'rival "y" {',
  " = ",
  "not ",
  "if ",
  'import "circle.circuit"\n',
];

// `node tools/fuzz-language.mjs` tries 100,000 more.
test("mutated files give a tree and located diagnostics, and never throw", () => {
  const cut = fc.record({
    at: fc.nat(600),
    drop: fc.nat(30),
    add: fc.oneof(fc.constantFrom(...bits), fc.string({ maxLength: 4 })),
  });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(cut, { minLength: 1, maxLength: 4 }), (seed, cuts) => {
      const text = cuts.reduce((before, { at, drop, add }) => {
        const start = at % (before.length + 1);
        return before.slice(0, start) + add + before.slice(start + drop);
      }, seed);
      const { tree, diagnostics } = parseCircuit(text, "x");
      const checked = checkCircuit(tree, environment);
      const all = [...diagnostics, ...checked.diagnostics];
      expect(checked.hypothesis === undefined).toBe(all.length > 0);
      const misplaced = all.filter(({ span }) => span.start > span.end || span.end > text.length || span.line < 1);
      expect(misplaced).toEqual([]);
      const unmarked = all.filter((diagnostic) => !formatDiagnostic(diagnostic, text).includes("^"));
      expect(unmarked).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
}, 60_000);
