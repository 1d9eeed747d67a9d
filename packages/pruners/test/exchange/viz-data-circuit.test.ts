import { disposeModel, InputError, type Model, type NodeId, type VizData } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circuitEdges, circuitOfVizData, type ImportSettings } from "../../src/index.ts";
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
