import { readFileSync } from "node:fs";
import { InputError, parseNodeFile, parseNodeId, parseSite } from "@filigree/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { circuitSvg } from "../../src/index.ts";
import { anyNodeFile, nodeFile } from "./node-files.ts";
import { elementsOf, readXml, textOf, withClass, type Element } from "./read-xml.ts";

const QUOTES = parseNodeFile(
  readFileSync(new URL("../../../../examples/quotes/quotes.nodes.json", import.meta.url), "utf8"),
  "quotes.nodes.json",
);

/** The rectangle of each node, by id. */
function boxes(root: Element): Map<string, { x: number; y: number; width: number; height: number }> {
  return new Map(
    withClass(root, "node").map((node) => {
      const rect = elementsOf(node).find(({ name }) => name === "rect")!;
      const [x, y, width, height] = ["x", "y", "width", "height"].map((key) => Number(rect.attributes.get(key)));
      return [node.attributes.get("data-node")!, { x: x!, y: y!, width: width!, height: height! }];
    }),
  );
}

/** From and to of each edge. */
function ends(root: Element): string[] {
  return withClass(root, "edge").map(({ attributes }) => `${attributes.get("data-from")} ${attributes.get("data-to")}`);
}

function edge(root: Element, from: string, to: string): Element {
  return withClass(root, "edge").find(
    ({ attributes }) => attributes.get("data-from") === from && attributes.get("data-to") === to,
  )!;
}

describe("any node file", () => {
  test("gives well-formed XML in which every node and every edge stands once", () => {
    fc.assert(
      fc.property(anyNodeFile, fc.option(fc.integer({ min: 1, max: 12 })), (file, headSize) => {
        const svg = circuitSvg(file, headSize === null ? {} : { headSize });
        const root = readXml(svg);
        const drawn = withClass(root, "node").map(({ attributes }) => attributes.get("data-node")!);
        expect(new Set(drawn).size).toBe(drawn.length);
        const listed = Object.entries(file.nodes).flatMap(([site, some]) => some.map((c) => `${site}.${c}`));
        const touched = file.edges.flatMap(({ from, to }) => [from, to]);
        expect(new Set(drawn)).toEqual(new Set<string>([...listed, ...touched]));
        expect(ends(root).sort()).toEqual(file.edges.map(({ from, to }) => `${from} ${to}`).sort());
      }),
      { numRuns: 80 },
    );
  });

  test("gives the same bytes again, finite numbers only, no script and no address", () => {
    fc.assert(
      fc.property(anyNodeFile, (file) => {
        const svg = circuitSvg(file);
        expect(circuitSvg(structuredClone(file))).toBe(svg);
        for (const { name, attributes } of elementsOf(readXml(svg))) {
          expect(["g", "path", "rect", "text", "title", "circle", "style"]).toContain(name);
          for (const [key, value] of attributes) {
            expect(key).not.toMatch(/^on|href|^style$/u);
            expect(`${key}=${value}`).not.toMatch(/^(?!data-|aria-).*(?:NaN|Infinity|undefined|url\()/u);
          }
        }
        const css = textOf(elementsOf(readXml(svg)).find(({ name }) => name === "style")!);
        expect(css).not.toMatch(/url\(|@import|http/u);
      }),
      { numRuns: 40 },
    );
  });

  test("puts no two nodes on top of each other, and nothing outside the picture", () => {
    fc.assert(
      fc.property(anyNodeFile, (file) => {
        const root = readXml(circuitSvg(file, { headSize: 4 }));
        const all = [...boxes(root).values()];
        for (const [index, a] of all.entries()) {
          expect(a.x).toBeGreaterThanOrEqual(0);
          expect(a.x + a.width).toBeLessThanOrEqual(Number(root.attributes.get("width")));
          for (const b of all.slice(index + 1)) {
            const apart =
              a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            expect(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)}`).toBe(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("a real circuit", () => {
  const root = readXml(circuitSvg(QUOTES, { headSize: 16 }));

  test("goes upward, edge by edge and layer by layer", () => {
    const places = boxes(root);
    for (const { from, to } of QUOTES.edges) expect(places.get(from)!.y).toBeGreaterThan(places.get(to)!.y);
    const heights = (layer: number): number[] =>
      [...places].flatMap(([id, { y }]) => (parseSite(parseNodeId(id).site).layer === layer ? [y] : []));
    expect(Math.max(...heights(1))).toBeLessThan(Math.min(...heights(0)));
    expect(textOf(root)).toMatch(/logits[^]*embeddings/u);
  });

  test("has what writes a channel of the stream straight below what reads it, joined by a dotted line", () => {
    const places = boxes(root);
    const middle = (id: string): number => places.get(id)!.x + places.get(id)!.width / 2;
    expect(middle("0.mlp.resid_delta.137")).toBeCloseTo(middle("1.attn.act_in.137"), 1);
    const pieces = (channel: number) =>
      withClass(root, "stream")
        .filter(({ attributes }) => attributes.get("data-channel") === String(channel))
        .map(({ attributes }) => attributes.get("class")!.includes("outer"));
    // From the embeddings to the write, from the write to the read, and on to the logits.
    expect(pieces(137)).toEqual([true, false, true]);
    expect(pieces(173)).toEqual([true]);
    expect(pieces(58)).toEqual([true]);
    // Written twice, never read: the second write joins the first one's way to the logits.
    expect(pieces(191)).toEqual([true, true]);
  });

  test("says what it is, and tells heads apart where their size is known", () => {
    const words = textOf(root);
    expect(words).toContain("20 nodes, 19 edges");
    expect(words).toContain(QUOTES.model.slice(0, 10));
    expect(words).toContain(`whole model ${QUOTES.loss.model!.toFixed(3)}`);
    for (const head of [2, 5, 12]) expect(words).toContain(`head ${head}`);
    expect(withClass(root, "head")).toHaveLength(3);
    const blind = readXml(circuitSvg(QUOTES));
    expect(withClass(blind, "head")).toHaveLength(2);
    expect(textOf(blind)).not.toMatch(/head \d/u);
  });
});

describe("edges", () => {
  const nodes = { "0.mlp.act_in": [0, 1], "0.mlp.post_act": [0, 1] };
  const [in0, in1] = ["0.mlp.act_in.0", "0.mlp.act_in.1"];
  const [out0, out1] = ["0.mlp.post_act.0", "0.mlp.post_act.1"];

  test("show sign by colour and dash, |weight| by width, |effect| by opacity", () => {
    const root = readXml(
      circuitSvg(
        nodeFile(nodes, [
          [in0, out0, 2, -0.5],
          [in0, out1, -1, 0.25],
          [in1, out1, 0.5],
        ]),
      ),
    );
    const look = (from: string, to: string, key: string): number => Number(edge(root, from, to).attributes.get(key));
    const [large, negative, small] = [edge(root, in0, out0), edge(root, in0, out1), edge(root, in1, out1)];
    expect(large.attributes.get("class")).toContain("positive");
    expect(large.attributes.has("stroke-dasharray")).toBe(false);
    expect(negative.attributes.get("class")).toContain("negative");
    expect(negative.attributes.has("stroke-dasharray")).toBe(true);
    expect(look(in0, out0, "stroke-width")).toBeGreaterThan(look(in0, out1, "stroke-width"));
    expect(look(in0, out1, "stroke-width")).toBeGreaterThan(look(in1, out1, "stroke-width"));
    expect(look(in0, out0, "stroke-opacity")).toBe(1);
    expect(look(in0, out0, "stroke-opacity")).toBeGreaterThan(look(in0, out1, "stroke-opacity"));
    expect(look(in0, out1, "stroke-opacity")).toBeGreaterThan(look(in1, out1, "stroke-opacity"));
    expect(textOf(small)).toBe(`${in1} to ${out1}: weight 0.5`);
    expect(textOf(negative)).toContain("weight −1; cut alone, the loss changes by 0.25 nats");
  });

  test("do not cross where an order of the nodes avoids it", () => {
    const many = Array.from({ length: 12 }, (_, channel) => channel);
    const file = nodeFile(
      { "0.mlp.act_in": many, "0.mlp.post_act": many },
      many.map((channel) => [`0.mlp.act_in.${channel}`, `0.mlp.post_act.${(channel * 5 + 3) % 12}`, 1] as const),
    );
    const places = boxes(readXml(circuitSvg(file)));
    const order = file.edges.map(({ from, to }) => [places.get(from)!.x, places.get(to)!.x] as const);
    order.sort(([a], [b]) => a - b);
    const above = order.map(([, x]) => x);
    expect(above).toEqual(above.toSorted((a, b) => a - b));
  });
});

test("a label stands on its node, cut short, and in full in its tooltip", () => {
  const text = "fires inside strings <b>that hold</b> digits & letters";
  const labels = { "0.mlp.post_act.7": { text, by: "auto" as const } };
  const root = readXml(circuitSvg(nodeFile({ "0.mlp.post_act": [7, 8] }, [], { labels })));
  const [labelled, plain] = withClass(root, "node");
  expect(
    elementsOf(labelled!)
      .filter(({ name }) => name === "text")
      .map(textOf),
  ).toEqual(["7", "fires inside stri…"]);
  expect(textOf(labelled!)).toContain(`0.mlp.post_act.7: ${text} (label made by a program)`);
  expect(
    elementsOf(plain!)
      .filter(({ name }) => name === "text")
      .map(textOf),
  ).toEqual(["8"]);
});

test("an empty circuit is a picture of embeddings and logits", () => {
  const root = readXml(circuitSvg(nodeFile({})));
  expect(withClass(root, "bar")).toHaveLength(2);
  expect(withClass(root, "node")).toEqual([]);
});

test("what cannot be drawn is refused", () => {
  const many = Array.from({ length: 1001 }, (_, channel) => channel);
  expect(() => circuitSvg(nodeFile({ "0.mlp.post_act": many }))).toThrow(/1001 nodes, too many/u);
  expect(() => circuitSvg(nodeFile({ "0.mlp.post_act": many }))).toThrow(InputError);
  for (const headSize of [0, -1, 1.5, NaN]) expect(() => circuitSvg(nodeFile({}), { headSize })).toThrow(InputError);
});
