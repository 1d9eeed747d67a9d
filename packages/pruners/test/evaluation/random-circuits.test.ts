import {
  disposeModel,
  parseNodeId,
  randomStream,
  seed,
  type Model,
  type NodeFileEdge,
  type NodeId,
} from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circuitEdges } from "../../src/index.ts";
import { readGraph, type WeightGraph } from "../../src/circuit/model-graph.ts";
import { sameSizeCircuits } from "../../src/evaluation/random-circuits.ts";
import { weightBetween } from "../naive-circuit.ts";
import { PLANTED_NODES, plantedModel } from "../planted-model.ts";

let model: Model;
let graph: WeightGraph;
beforeAll(async () => {
  model = await plantedModel();
  graph = readGraph(model);
});
afterAll(() => disposeModel(model));

const stream = (name: string | number) => randomStream(seed(1), String(name));

/** How many nodes there are at each site. */
function countBySite(nodes: readonly NodeId[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of nodes) {
    const { site } = parseNodeId(node);
    counts[site] = (counts[site] ?? 0) + 1;
  }
  return counts;
}

test("have as many nodes at every site, others each time, the same for the same stream", () => {
  const draw = sameSizeCircuits(graph, { nodes: PLANTED_NODES });
  const drawn = Array.from({ length: 10 }, (_, i) => draw(stream(i)).nodes);
  for (const nodes of drawn) {
    expect(countBySite(nodes)).toEqual(countBySite(PLANTED_NODES));
    expect(new Set(nodes).size).toBe(nodes.length);
  }
  expect(new Set(drawn.map((nodes) => [...nodes].sort().join(" "))).size).toBe(10);
  expect(draw(stream(0)).nodes).toEqual(drawn[0]);
});

test("are connected where the model's weights allow it", () => {
  const nodes = ["0.attn.act_in.0", "0.attn.v.0", "0.attn.resid_delta.0", "0.mlp.act_in.0", "0.mlp.post_act.0"];
  const draw = sameSizeCircuits(graph, { nodes: nodes as NodeId[] });
  for (let i = 0; i < 20; i++) {
    const drawn = draw(stream(i)).nodes;
    const at = (site: string) => drawn.find((node) => node.startsWith(`${site}.`))!;
    const leads = (from: string, to: string) => weightBetween(model, at(from), at(to)) !== 0;
    const some = (from: string, to: string, width: number) =>
      Array.from({ length: width }, (_, c) => weightBetween(model, at(from), `${to}.${c}` as NodeId)).some(Boolean);
    expect(leads("0.attn.act_in", "0.attn.v")).toBe(some("0.attn.act_in", "0.attn.v", 12));
    expect(leads("0.attn.v", "0.attn.resid_delta")).toBe(some("0.attn.v", "0.attn.resid_delta", 24));
    // The MLP reads the channel that attention writes.
    expect(parseNodeId(at("0.mlp.act_in")).channel).toBe(parseNodeId(at("0.attn.resid_delta")).channel);
  }
});

test("of a circuit of edges have as many edges between every two sites, and all their ends", () => {
  const all = circuitEdges(model, PLANTED_NODES);
  const edges = all.filter(({ to }) => !to.startsWith("0.attn.q"));
  const draw = sameSizeCircuits(graph, { nodes: PLANTED_NODES, edges });
  const between = (some: readonly NodeFileEdge[]) =>
    some.map(({ from, to }) => `${parseNodeId(from).site} ${parseNodeId(to).site}`).sort();
  const known = new Set(circuitEdges(model, allNodes()).map(({ from, to, weight }) => `${from} ${to} ${weight}`));
  for (let i = 0; i < 10; i++) {
    const drawn = draw(stream(i));
    expect(between(drawn.edges!)).toEqual(between(edges));
    for (const { from, to, weight } of drawn.edges!) {
      expect(known.has(`${from} ${to} ${weight}`)).toBe(true);
      expect(drawn.nodes).toContain(from);
      expect(drawn.nodes).toContain(to);
    }
    const counts = countBySite(drawn.nodes);
    for (const [site, count] of Object.entries(countBySite(PLANTED_NODES))) {
      expect(counts[site]).toBeGreaterThanOrEqual(count);
    }
  }
});

function allNodes(): NodeId[] {
  return [...graph.sites].flatMap(([site, width]) =>
    Array.from({ length: width }, (_, channel) => `${site}.${channel}` as NodeId),
  );
}
