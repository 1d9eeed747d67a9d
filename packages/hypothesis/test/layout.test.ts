import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatCircuit, formatDiagnostic, parseCircuit, readHeader } from "../src/index.ts";
import { diagnose } from "./quote-environment.ts";

test("a file is laid out with its comments, line breaks and meaning kept", () => {
  const loose = `

// what it is about
circuit   "Quotes"
model "m"   // the small one
task  quotes


let  detector=mlp L0 neurons 18,471   // two of them
let mover = attn L1 head   3 . v
attn L1 copies quote type
{detector+mover}at opener carries quote type expect r<=10 %,transfer>=40%   // strong
claim  a  b :mover ignores string body expect refuted
let all_of_it = {
      mlp L0 neurons 3 - 7 +
  // inside
  \`0.attn.q.3\`
   }
all_of_it
is sufficient
      expect U <= 0.1
`.replace("all_of_it\nis", "all_of_it is");
  expect(formatCircuit(loose, "x").text).toBe(`// what it is about
circuit "Quotes"
model "m"  // the small one
task quotes

let detector = mlp L0 neurons 18, 471  // two of them
let mover    = attn L1 head 3.v
attn L1 copies quote type
{ detector + mover } at opener carries quote type  expect r <= 10%, transfer >= 40%  // strong
claim a b: mover ignores string body               expect refuted
let all_of_it = {
  mlp L0 neurons 3-7 +
  // inside
  \`0.attn.q.3\`
}
all_of_it is sufficient
  expect U <= 0.1
`);
});

test("definitions, expressions and rivals have one layout", () => {
  const loose = `feature  depth at  last:int=count( "[" )-count("]")*- 2
nuisance feature a  b :bool = not depth  mod 2==1
position p=first token  matching /x  y/  before last
position longer name = p+1
attn L1  copies depth  any   index when ( depth -1 )>3   expect refuted
mlp L0 does   not affect logits except  through attn L1
rival   "x"{
attn L0 copies depth // inside
    attn L1 copies depth    expect refuted
  // last
      }
`;
  expect(formatCircuit(loose, "x").text).toBe(`feature depth at last: int = count("[") - count("]") * -2
nuisance feature a b: bool = not depth mod 2 == 1
position p           = first token matching /x  y/ before last
position longer name = p + 1
attn L1 copies depth any index when (depth - 1) > 3  expect refuted
mlp L0 does not affect logits except through attn L1
rival "x" {
  attn L0 copies depth  // inside
  attn L1 copies depth  expect refuted
  // last
}
`);
});

test("a text with syntax errors is not laid out but explained", () => {
  const { text, diagnostics } = formatCircuit("attn L1 copies", "x");
  expect(text).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code: "syntax", span: { line: 1, column: 15 } }]);
});

test("an unknown name does not hinder the layout", () => {
  expect(formatCircuit("attn   L99 copies zebra", "x").text).toBe("attn L99 copies zebra\n");
});

test("a diagnostic shows the place, the line with a mark under it, the reason and what to do", () => {
  const source = "\r\n\tattn L10 copies quote type\r\n";
  expect(formatDiagnostic(diagnose(source)[0]!, source)).toBe(
    [
      "quotes.circuit:2:7: error: there is no layer 10 [unknown-layer]",
      "  2 |  attn L10 copies quote type",
      "    |       ^^^",
      "  the model has 2 layers: L0, L1",
    ].join("\n"),
  );
});

test("the header is known before anything is checked, also of a file with errors", () => {
  const { tree } = parseCircuit('model "m"\nattn L1 copies\ntask "./t.jsonl"', "x");
  expect(readHeader(tree)).toEqual({ model: "m", task: "./t.jsonl" });
});

test("lines end as the system that wrote them ends them", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const { tree, diagnostics } = parseCircuit(["seed 3", "attn L1 copies x", ""].join(end), "x");
    expect(diagnostics).toEqual([]);
    expect(tree.items.map(({ kind, span }) => [kind, span.line])).toEqual([
      ["seed", 1],
      ["claim", 2],
    ]);
  }
});

test("the example of the README is one faultless file in its own layout", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```\n(circuit [^`]*)```/.exec(readme)![1]!;
  expect(formatCircuit(example, "x")).toEqual({ text: example, diagnostics: [] });
});
