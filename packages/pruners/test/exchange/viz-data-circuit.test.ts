import { disposeModel, InputError, nodeSites, type Model, type NodeId, type VizData } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circuitEdges, circuitNodes, circuitOfVizData, vizDataOf, type ImportSettings } from "../../src/index.ts";
import { nodeFile } from "../picture/node-files.ts";
import { plantedModel } from "../planted-model.ts";

let model: Model;
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

const READ = "0.attn.act_in.0" as NodeId;
const VALUE = "0.attn.v.7" as NodeId;
const WRITE = "0.attn.resid_delta.3" as NodeId;
const OUTSIDE = "0.attn.v.1" as NodeId;

function pair(from: NodeId, to: NodeId): `${NodeId} ${NodeId}` {
  return `${from} ${to}`;
}

const VIZ: VizData = {
  nodes: { "0.attn.act_in": [0], "0.attn.v": [7], "0.attn.resid_delta": [3] } as VizData["nodes"],
  effects: new Map([[pair(READ, VALUE), 0.5]]),
  weights: new Map([
    [pair(READ, VALUE), 9],
    [pair(READ, OUTSIDE), 8],
  ]),
  loss: { model: 0.25, circuit: undefined },
  totalNodes: undefined,
  notes: [],
};

test("without a model, the weights that the file holds between its nodes", () => {
  const file = circuitOfVizData(VIZ, { where: "viz_data.pt" });
  expect(file.edges).toEqual([{ from: READ, to: VALUE, weight: 9, effect: 0.5 }]);
  expect(file).toMatchObject({ model: "0".repeat(64), task: "unknown", loss: { test: null, model: 0.25 } });
});

test("with a model, its weights and the published effects", () => {
  const file = circuitOfVizData(VIZ, { where: "viz_data.pt", model, task: "quotes" });
  const [first, second] = circuitEdges(model, [READ, VALUE, WRITE]);
  expect(file.edges).toEqual([{ ...first, effect: 0.5 }, second]);
  expect(file).toMatchObject({ model: model.hash, task: "quotes" });
});

test("a circuit of a larger model is refused", () => {
  const settings: ImportSettings = { where: "viz_data.pt", model };
  const wide = { ...VIZ, nodes: { "0.mlp.post_act": [1, 40, 50] } as VizData["nodes"] };
  expect(() => circuitOfVizData(wide, settings)).toThrow(
    /^viz_data\.pt: the circuit has a node "0\.mlp\.post_act\.40", and the model has 32 channels there/u,
  );
  expect(() => circuitOfVizData({ ...VIZ, nodes: { "5.attn.v": [0] } as VizData["nodes"] }, settings)).toThrow(
    InputError,
  );
});

test("a circuit goes there and back: nodes, edges, effects, losses", () => {
  const edges = circuitEdges(model, [READ, VALUE, WRITE]).map((edge, i) => ({ ...edge, effect: 0.25 * (i + 1) }));
  const nodes = { "0.attn.act_in": [0], "0.attn.v": [7], "0.attn.resid_delta": [3] };
  const file = nodeFile(nodes, [], { edges, model: model.hash });
  const viz = vizDataOf(file, model.config);
  expect(viz.notes).toEqual([]);
  expect(Object.keys(viz.nodes)).toEqual(nodeSites(model.config));
  // Two layers of 24 channels four times, 12 of q, k and v each, and 32 neurons.
  expect(viz.totalNodes).toBe(2 * (4 * 24 + 3 * 12 + 32));
  const back = circuitOfVizData(viz, { where: "viz_data.pt", model, task: file.task });
  expect(circuitNodes(back)).toEqual([READ, VALUE, WRITE]);
  expect(back).toMatchObject({ model: model.hash, edges, task: "some_task", ablation: file.ablation });
  expect(back.loss).toEqual({ dev: null, test: 0.125, uncalibrated: null, model: 0.0625 });
});

test("what has no place there is left out, and said", () => {
  const nodes = { "0.attn.act_in": [0], "0.attn.v": [7, 8] };
  const file = nodeFile(
    nodes,
    [
      ["0.attn.act_in.0", "0.attn.v.7", 1, 0.5],
      ["0.attn.act_in.0", "0.attn.v.8", 2],
      ["embed.0", "0.attn.act_in.0", 3, 0.5],
    ],
    { ablation: { kind: "zero", means: "model" }, loss: { dev: 1, test: null, uncalibrated: 1, model: null } },
  );
  const { effects, weights, loss, notes } = vizDataOf(file, model.config);
  expect(weights).toEqual(new Map([pair(READ, VALUE), pair(READ, "0.attn.v.8" as NodeId)].map((p, i) => [p, i + 1])));
  expect(effects.size).toBe(0);
  expect(loss).toEqual({ model: undefined, circuit: undefined });
  expect(notes).toEqual([
    "1 of 3 edges are left out: an end of theirs is not a node",
    "effects of edges are left out: 1 of 2 edges have none",
    "the losses are those under zero ablation: readers expect means of the corpus",
  ]);
  expect(() => vizDataOf(nodeFile({ "0.attn.v": [12] }), model.config)).toThrow(/no node "0\.attn\.v\.12"/u);
});
