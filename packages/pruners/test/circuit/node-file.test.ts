import { disposeModel, formatNodeFile, maskOfNodes, parseNodeFile, seed, type Model } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circuitMask, circuitNodes, evaluateCircuit, pruneTask } from "../../src/index.ts";
import { plantedModel, plantedTask } from "../planted-model.ts";

let model: Model;
const task = plantedTask();
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

test("a circuit survives its file", async () => {
  const { nodeFile, evaluation } = await pruneTask(model, task, {
    seed: seed(1),
    options: { steps: 100, batchPairs: 16 },
  });
  const text = formatNodeFile(nodeFile);
  const read = parseNodeFile(text, "circuit.json");
  expect(read).toEqual(nodeFile);
  expect(formatNodeFile(read)).toBe(text);

  const nodes = circuitNodes(read);
  expect(evaluateCircuit(model, task, { nodes })).toEqual(evaluation);
  expect(circuitMask(model.config, read)).toEqual(maskOfNodes(model.config, nodes));

  expect(read.model).toBe(model.hash);
  expect(read.edges).toEqual(evaluation.edges);
  expect(read.loss).toEqual({
    dev: evaluation.calibrated.dev.loss,
    test: evaluation.calibrated.test.loss,
    uncalibrated: evaluation.uncalibrated.test.loss,
    model: evaluation.model.test.loss,
  });
  expect(read.found).toMatchObject({
    pruner: "learned-mask@0.4.0",
    seed: 1,
    target: 0.15,
    options: { steps: 100, batchPairs: 16, warmup: 0.05 },
  });
});

test("a file of a larger model is refused", () => {
  const file = { nodes: { "7.attn.v": [1] } } as unknown as Parameters<typeof circuitMask>[1];
  expect(() => circuitMask(model.config, file)).toThrow(/the model has no node "7.attn.v.1"/u);
});
