import * as fc from "fast-check";
import { expect, test } from "vitest";
import { circuitPage, circuitSvg } from "../../src/index.ts";
import { anyNodeFile, nodeFile } from "./node-files.ts";
import { elementsOf, readXml, textOf, withClass, type Element } from "./read-xml.ts";

/** The body of a page, which is written as XML would have it. */
function body(page: string): Element {
  return readXml(/<body>[^]*<\/body>/u.exec(page)![0]);
}

/** From and to of each edge of the picture. */
function ends(root: Element): string[] {
  return withClass(root, "edge").map(({ attributes }) => `${attributes.get("data-from")} ${attributes.get("data-to")}`);
}

function cells(row: Element): string[] {
  return elementsOf(row)
    .filter(({ name }) => name === "td")
    .map(textOf);
}

test("a page holds the picture, and shuts out scripts and addresses", () => {
  fc.assert(
    fc.property(anyNodeFile, (file) => {
      const page = circuitPage(file);
      const root = body(page);
      expect(ends(root)).toEqual(ends(readXml(circuitSvg(file))));
      expect(elementsOf(root).filter(({ name }) => /^(?:script|img|link|iframe|object|a)$/u.test(name))).toEqual([]);
      expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
      expect(circuitPage(structuredClone(file))).toBe(page);
    }),
    { numRuns: 40 },
  );
});

test("what the file says stands in words, the edges that matter most come first", () => {
  const file = nodeFile(
    { "0.mlp.act_in": [1], "0.mlp.post_act": [2, 3, 4] },
    [
      ["0.mlp.act_in.1", "0.mlp.post_act.2", 3, 0.01],
      ["0.mlp.act_in.1", "0.mlp.post_act.3", -0.5, -0.25],
      ["0.mlp.act_in.1", "0.mlp.post_act.4", -4],
    ],
    {
      task: "<quotes> & brackets",
      ablation: { kind: "resample", means: "model" },
      labels: { "0.mlp.post_act.2": { text: "sees <", by: "human" } } as never,
    },
  );
  const page = circuitPage(file);
  const root = body(page);
  expect(page).toContain("<title>Circuit of &lt;quotes&gt; &amp; brackets</title>");
  const facts = elementsOf(root).filter(({ name }) => name === "dd");
  expect(facts.map(textOf)).toEqual([
    "4 nodes, 3 edges",
    file.model,
    "some-pruner@1.0.0, seed 0",
    "dev 0.100, test 0.125, whole model 0.063",
    "show another prompt's values",
  ]);
  const rows = elementsOf(root).filter(({ name }) => name === "tr");
  expect(rows.map(cells).filter((row) => row.length > 0)).toEqual([
    ["0.mlp.post_act.2", "sees <", "a person"],
    ["0.mlp.act_in.1", "0.mlp.post_act.3", "−0.5", "−0.25"],
    ["0.mlp.act_in.1", "0.mlp.post_act.2", "3", "0.01"],
    ["0.mlp.act_in.1", "0.mlp.post_act.4", "−4", ""],
  ]);
});

test("a circuit of no known model or loss says so", () => {
  const loss = { dev: null, test: null, uncalibrated: null, model: null };
  const page = circuitPage(nodeFile({}, [], { model: "0".repeat(64), loss }));
  const facts = elementsOf(body(page)).filter(({ name }) => name === "dd");
  expect(facts.map(textOf).slice(0, 4)).toEqual([
    "0 nodes, 0 edges",
    "unknown",
    "some-pruner@1.0.0, seed 0",
    "not measured",
  ]);
});
