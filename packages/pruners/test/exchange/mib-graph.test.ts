import { InputError } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { formatMibGraph, parseMibGraph, type MibGraph } from "../../src/index.ts";

/** Two layers of one head, written out by hand in the order in which EAP-IG makes and writes its edges. */
const WRITTEN = {
  cfg: { n_layers: 2, n_heads: 1, parallel_attn_mlp: false, d_model: 4 },
  nodes: {
    input: { in_graph: true },
    "a0.h0": { in_graph: true },
    m0: { in_graph: false },
    "a1.h0": { in_graph: false },
    m1: { in_graph: true },
    logits: { in_graph: true },
  },
  edges: {
    "input->a0.h0<q>": { score: 0, in_graph: false },
    "input->a0.h0<k>": { score: 0, in_graph: false },
    "input->a0.h0<v>": { score: 2, in_graph: true },
    "input->m0": { score: 0, in_graph: false },
    "a0.h0->m0": { score: 0, in_graph: false },
    "input->a1.h0<q>": { score: 0, in_graph: false },
    "input->a1.h0<k>": { score: 0, in_graph: false },
    "input->a1.h0<v>": { score: 0, in_graph: false },
    "a0.h0->a1.h0<q>": { score: 0, in_graph: false },
    "a0.h0->a1.h0<k>": { score: 0, in_graph: false },
    "a0.h0->a1.h0<v>": { score: 0, in_graph: false },
    "m0->a1.h0<q>": { score: 0, in_graph: false },
    "m0->a1.h0<k>": { score: 0, in_graph: false },
    "m0->a1.h0<v>": { score: 0, in_graph: false },
    "input->m1": { score: 0, in_graph: false },
    "a0.h0->m1": { score: -0.5, in_graph: true },
    "m0->m1": { score: 0, in_graph: false },
    "a1.h0->m1": { score: 0, in_graph: false },
    "input->logits": { score: 0, in_graph: false },
    "a0.h0->logits": { score: 0, in_graph: false },
    "m0->logits": { score: 0, in_graph: false },
    "a1.h0->logits": { score: 0, in_graph: false },
    "m1->logits": { score: 1, in_graph: true },
  },
};

const GRAPH: MibGraph = {
  nLayer: 2,
  nHead: 1,
  dModel: 4,
  components: new Set(["input", "a0.h0", "m1", "logits"]),
  neurons: new Map(),
  edges: new Map([
    ["input->a0.h0<v>", 2],
    ["a0.h0->m1", -0.5],
    ["m1->logits", 1],
  ]),
};

/** The graph above with something changed. */
function changed(change: (graph: Record<string, Record<string, unknown>>) => void): string {
  const graph = structuredClone(WRITTEN) as unknown as Record<string, Record<string, unknown>>;
  change(graph);
  return JSON.stringify(graph);
}

describe("writing", () => {
  test("lists every component and every edge of the model, in the library's order", () => {
    const text = formatMibGraph(GRAPH);
    expect(JSON.parse(text)).toEqual(WRITTEN);
    expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(WRITTEN));
  });

  test("is undone by reading", () => {
    expect(parseMibGraph(formatMibGraph(GRAPH), "g.json")).toEqual({ graph: GRAPH, notes: [] });
    const neurons = new Map([["m1", [true, false, false, true]]]);
    const detailed = { ...GRAPH, neurons };
    expect(parseMibGraph(formatMibGraph(detailed), "g.json").graph).toEqual(detailed);
  });
});

describe("reading", () => {
  test("takes what Python writes: NaN, booleans alone, numbers for booleans, edges without scores", () => {
    const text = `{"cfg": {"n_layers": 1, "n_heads": 1, "d_model": 2},
      "nodes": {"input": true, "a0.h0": {"in_graph": true, "score": NaN}, "m0": {"in_graph": 0.0, "score": -Infinity}},
      "edges": {"input->a0.h0<q>": {"score": NaN, "in_graph": true}, "a0.h0->logits": {"in_graph": true}}}`;
    const { graph, notes } = parseMibGraph(text, "g.json");
    expect([...graph.components]).toEqual(["input", "a0.h0"]);
    expect([...graph.edges]).toEqual([
      ["input->a0.h0<q>", undefined],
      ["a0.h0->logits", undefined],
    ]);
    expect(notes).toEqual([]);
  });

  test("takes neurons by component, and by head of a layer", () => {
    const heads = { n_layers: 1, n_heads: 2, d_model: 2 };
    const neurons = [
      [1.0, 0.0],
      [0.0, 1.0],
    ];
    const nodes = { "a0.h1": { in_graph: true, neurons }, m0: { in_graph: true, neurons: [false, true] } };
    const { graph } = parseMibGraph(JSON.stringify({ cfg: heads, nodes, edges: {} }), "g.json");
    expect([...graph.neurons]).toEqual([
      ["a0.h1", [false, true]],
      ["m0", [false, true]],
    ]);
  });

  test("notes the keys that it does not know", () => {
    const text = changed((graph) => {
      Object.assign(graph, { author: "x" });
      Object.assign(graph.nodes!.m0 as object, { colour: "red" });
      Object.assign(graph.nodes!.m1 as object, { colour: "red" });
      Object.assign(graph.cfg!, { d_head: 4 });
    });
    const { graph, notes } = parseMibGraph(text, "g.json");
    expect(graph).toEqual(GRAPH);
    expect(notes).toEqual([
      'g.json: the key "author" of the graph is not read',
      'g.json: the key "colour" of nodes is not read',
    ]);
  });

  test.each<[string, string, RegExp]>([
    ["text that is cut off", JSON.stringify(WRITTEN).slice(0, 200), /^g\.json: not JSON/u],
    ["a list", "[]", /^g\.json: an array found/u],
    ["no nodes", `{"cfg": {"n_layers": 1, "n_heads": 1, "d_model": 2}, "edges": {}}`, /the key "nodes" is missing/u],
    ["no size", changed((g) => delete g.cfg!.n_heads), /^g\.json: cfg: the key "n_heads" is missing/u],
    ["a size of 0", changed((g) => (g.cfg!.n_layers = 0)), /^g\.json: cfg\.n_layers: 0 found/u],
    ["parallel blocks", changed((g) => (g.cfg!.parallel_attn_mlp = true)), /^g\.json: cfg\.parallel_attn_mlp: /u],
    ["sizes beyond reason", changed((g) => (g.cfg!.n_layers = 1e9)), /^g\.json: cfg: 1000000000 layers/u],
    ["a head too many", changed((g) => (g.nodes!["a0.h1"] = { in_graph: true })), /nodes\.a0\.h1: .* no component/u],
    ["no in_graph", changed((g) => (g.nodes!.m0 = {})), /^g\.json: nodes\.m0: the key "in_graph" is missing/u],
    ["in_graph that is text", changed((g) => (g.nodes!.m0 = { in_graph: "no" })), /nodes\.m0\.in_graph: "no" found/u],
    ["an edge backwards", changed((g) => (g.edges!["m1->m0"] = { in_graph: true })), /edges\.m1->m0: .* no edge/u],
    ["an edge within a layer", changed((g) => (g.edges!["a0.h0->a0.h0<q>"] = { in_graph: true })), /no edge/u],
    ["an edge to a whole head", changed((g) => (g.edges!["m0->a1.h0"] = { in_graph: true })), /no edge/u],
    ["an edge to a part of an MLP", changed((g) => (g.edges!["a0.h0->m0<q>"] = { in_graph: true })), /no edge/u],
    ["an edge from the logits", changed((g) => (g.edges!["logits->m1"] = { in_graph: true })), /no edge/u],
    [
      "a score that is text",
      changed((g) => (g.edges!["m1->logits"] = { in_graph: true, score: "1" })),
      /m1->logits\.score/u,
    ],
    ["too few neurons", changed((g) => (g.nodes!.m1 = { in_graph: true, neurons: [true] })), /m1\.neurons: 1 neurons/u],
  ])("refuses %s, with its place", (_, text, message) => {
    expect(() => parseMibGraph(text, "g.json")).toThrow(message);
    expect(() => parseMibGraph(text, "g.json")).toThrow(InputError);
  });
});
