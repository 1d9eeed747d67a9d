import { disposeModel, InputError, siteAt, type Model } from "@filigree/core";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  circuitEdges,
  circuitNodes,
  circuitOfMibGraph,
  formatMibGraph,
  mibGraphOf,
  parseMibGraph,
  type MibGraph,
} from "../../src/index.ts";
import { nodeFile } from "../picture/node-files.ts";
import { PLANTED_CONFIG, plantedModel } from "../planted-model.ts";

// The planted model has two layers of three heads of four channels, and 24 channels of the stream.
let model: Model;
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

const EVERY = Array.from({ length: PLANTED_CONFIG.dModel }, (_, channel) => channel);

function graphOf(components: readonly string[], edges: readonly string[], rest: Partial<MibGraph> = {}): MibGraph {
  return {
    nLayer: 2,
    nHead: 3,
    dModel: 24,
    components: new Set(components),
    neurons: new Map(),
    edges: new Map(edges.map((edge) => [edge, 1])),
    ...rest,
  };
}

describe("to a graph", () => {
  test("an edge is where the one writes a channel that the other reads", () => {
    const file = nodeFile(
      {
        "0.attn.act_in": [5],
        "0.attn.v": [4],
        "0.attn.resid_delta": [7, 8],
        "1.attn.act_in": [7, 8, 9],
        "1.attn.q": [0],
        "1.attn.k": [11],
        "1.mlp.act_in": [8],
        "1.mlp.post_act": [2],
        "1.mlp.resid_delta": [7],
      },
      [
        ["0.attn.act_in.5", "0.attn.v.4", 1],
        ["0.attn.v.4", "0.attn.resid_delta.7", 1],
        ["0.attn.v.4", "0.attn.resid_delta.8", -1],
        ["1.attn.act_in.7", "1.attn.q.0", 1],
        ["1.attn.act_in.8", "1.attn.q.0", 1],
        ["1.attn.act_in.9", "1.attn.k.11", 1],
        ["1.mlp.act_in.8", "1.mlp.post_act.2", 1],
        ["1.mlp.post_act.2", "1.mlp.resid_delta.7", 1],
      ],
    );
    const graph = mibGraphOf(file, PLANTED_CONFIG);
    expect([...graph.components].sort()).toEqual(["a0.h1", "a1.h0", "a1.h2", "input", "logits", "m1"]);
    expect(Object.fromEntries(graph.edges)).toEqual({
      "input->a0.h1<v>": 1,
      "input->a1.h0<q>": 2,
      "a0.h1->a1.h0<q>": 2,
      // Channel 9 has no writer in the circuit, so only the embeddings reach the key of head 2.
      "input->a1.h2<k>": 1,
      "input->m1": 1,
      "a0.h1->m1": 1,
      "input->logits": 24,
      "a0.h1->logits": 2,
      "m1->logits": 1,
    });
  });

  test("a node that the model lacks is refused", () => {
    const wide = nodeFile({ "0.mlp.post_act": [32] });
    expect(() => mibGraphOf(wide, PLANTED_CONFIG)).toThrow(/no node "0\.mlp\.post_act\.32"/u);
    expect(() => mibGraphOf(nodeFile({ "2.mlp.post_act": [1] }), PLANTED_CONFIG)).toThrow(InputError);
  });
});

describe("from a graph", () => {
  test("a component brings all its channels, of q, k and v those that an edge enters", () => {
    const graph = graphOf(["input", "a0.h1", "m1", "logits"], ["input->a0.h1<q>", "input->a0.h1<v>", "a0.h1->m1"]);
    const file = circuitOfMibGraph(graph, { where: "g.json", model, task: "quotes" });
    const neurons = Array.from({ length: PLANTED_CONFIG.dMlp }, (_, channel) => channel);
    expect(file.nodes).toEqual({
      "0.attn.act_in": EVERY,
      "0.attn.q": [4, 5, 6, 7],
      "0.attn.v": [4, 5, 6, 7],
      "0.attn.resid_delta": EVERY,
      "1.mlp.act_in": EVERY,
      "1.mlp.post_act": neurons,
      "1.mlp.resid_delta": EVERY,
    });
    expect(file).toMatchObject({ model: model.hash, task: "quotes", loss: { dev: null, test: null } });
    expect(file.edges).toEqual(circuitEdges(model, circuitNodes(file)));
    expect(file.edges.length).toBeGreaterThan(0);
  });

  test("a head that has no edge keeps q, k and v; one that an edge leaves, v", () => {
    const left = circuitOfMibGraph(graphOf(["a1.h2"], ["input->a1.h2<k>", "a1.h2->logits"]), {
      where: "g.json",
      model,
    });
    expect(Object.keys(left.nodes).filter((site) => /[qkv]$/u.test(site))).toEqual(["1.attn.k", "1.attn.v"]);
    const { nodes } = circuitOfMibGraph(graphOf(["a1.h2"], []), { where: "g.json", model });
    for (const part of ["q", "k", "v"] as const) expect(nodes[siteAt(1, `attn.${part}`)]).toEqual([8, 9, 10, 11]);
  });

  test("neurons narrow what a component writes", () => {
    const flags = (...kept: number[]): boolean[] => EVERY.map((channel) => kept.includes(channel));
    const neurons = new Map([
      ["a0.h0", flags(3)],
      ["a0.h2", flags(20, 3)],
      ["m0", flags()],
    ]);
    const { nodes } = circuitOfMibGraph(graphOf(["a0.h0", "a0.h2", "m0"], [], { neurons }), { where: "g.json", model });
    expect(nodes).toMatchObject({ "0.attn.resid_delta": [3, 20], "0.mlp.resid_delta": [] });
  });

  test("a graph of another model, or without a component, is refused", () => {
    const settings = { where: "g.json", model };
    expect(() => circuitOfMibGraph(graphOf(["m0"], [], { nHead: 4 }), settings)).toThrow(
      /^g\.json: cfg\.n_heads: the graph is of a model with n_heads = 4\n {2}expected: 3/u,
    );
    expect(() => circuitOfMibGraph(graphOf(["input", "logits"], []), settings)).toThrow(/^g\.json: nodes: no head/u);
    expect(() => circuitOfMibGraph(graphOf(["input"], []), settings)).toThrow(InputError);
  });
});

test("there and back, the components stay and no edge between them is lost", () => {
  const parts = [
    "attn.act_in",
    "attn.q",
    "attn.k",
    "attn.v",
    "attn.resid_delta",
    "mlp.act_in",
    "mlp.post_act",
  ] as const;
  const site = fc.constantFrom(...[0, 1].flatMap((layer) => parts.map((part) => `${layer}.${part}`)));
  const nodes = fc.dictionary(site, fc.uniqueArray(fc.nat({ max: 11 }), { minLength: 1, maxLength: 5 }), {
    minKeys: 1,
  });
  fc.assert(
    fc.property(nodes, (kept) => {
      const bare = nodeFile(kept);
      const edges = circuitEdges(model, circuitNodes(bare));
      const graph = mibGraphOf({ ...bare, edges }, PLANTED_CONFIG);
      const read = parseMibGraph(formatMibGraph(graph), "g.json").graph;
      expect(read).toEqual(graph);
      if (graph.components.size === 2) return;
      const back = mibGraphOf(circuitOfMibGraph(read, { where: "g.json", model }), PLANTED_CONFIG);
      expect(back.components).toEqual(graph.components);
      for (const edge of graph.edges.keys()) expect(back.edges.has(edge), edge).toBe(true);
    }),
    { numRuns: 30 },
  );
});
