import { disposeModel, parseNodeId, useBackend, type NodeFileEdge, type NodeId } from "@filigree/core";
import { circuitEdges, evaluateCircuit } from "@filigree/pruners";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { PLANTED_TARGET, plantedModel, type CircuitShapeName } from "../../src/index.ts";

beforeAll(() => useBackend("wasm"));

test.each<[CircuitShapeName, number, number]>([
  ["copy", 7, 4],
  ["neuron", 4, 3],
  ["chain", 10, 6],
])("the planted circuit of the shape %s does the task, and needs each of its parts", async (shape, nodes, edges) => {
  const tensors = tf.memory().numTensors;
  const planted = await plantedModel(11, shape);
  const { model, task } = planted;
  expect([planted.shape, planted.nodes.length, planted.edges.length]).toEqual([shape, nodes, edges]);

  const weights = new Map(circuitEdges(model, planted.nodes).map(({ from, to, weight }) => [`${from} ${to}`, weight]));
  for (const { from, to, weight } of planted.edges) expect(weights.get(`${from} ${to}`)).toBe(weight);

  const loss = (some: readonly NodeId[], edges?: readonly NodeFileEdge[]) =>
    evaluateCircuit(model, task, { nodes: some, ...(edges && { edges }) }).uncalibrated;
  const whole = loss(planted.nodes, planted.edges);
  expect(whole.dev.loss).toBeLessThan(PLANTED_TARGET);
  expect(whole.test).toMatchObject({ accuracy: 1, n: 24 });
  for (const lost of planted.nodes) {
    expect(loss(planted.nodes.filter((node) => node !== lost)).dev.loss, lost).toBeGreaterThan(PLANTED_TARGET);
  }
  for (const cut of planted.edges) {
    const left = planted.edges.filter((edge) => edge !== cut);
    expect(loss(planted.nodes, left).dev.loss, `${cut.from} ${cut.to}`).toBeGreaterThan(PLANTED_TARGET);
  }
  disposeModel(model);
  expect(tf.memory().numTensors).toBe(tensors);
});

test("the seed decides everything: the shape, the size and the place", async () => {
  const made = await Promise.all([0, 1, 2, 3, 4, 5].map((seed) => plantedModel(seed)));
  expect(new Set(made.map(({ shape }) => shape)).size).toBe(3);
  expect(new Set(made.map(({ model }) => model.config.nLayer)).size).toBeGreaterThan(1);
  expect(new Set(made.map(({ model }) => model.config.nHead)).size).toBeGreaterThan(1);
  expect(new Set(made.map(({ nodes }) => parseNodeId(nodes[0]!).channel)).size).toBeGreaterThan(2);
  expect(new Set(made.flatMap(({ model, task }) => [model.hash, task.hash])).size).toBe(12);
  const again = await plantedModel(3);
  expect(again.model.hash).toBe(made[3]!.model.hash);
  expect(again.task).toEqual(made[3]!.task);
  expect(again.edges).toEqual(made[3]!.edges);
  for (const { model } of [...made, again]) disposeModel(model);
  await expect(plantedModel(-1)).rejects.toThrow(/-1 is not a seed/u);
});
