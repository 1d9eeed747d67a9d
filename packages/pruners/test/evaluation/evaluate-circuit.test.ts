import {
  disposeModel,
  InputError,
  nodeSites,
  randomStream,
  seed,
  siteWidth,
  nodeId,
  type Model,
  type NodeId,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluateCircuit } from "../../src/index.ts";
import { naiveLogits, naiveLoss, weightBetween } from "../naive-circuit.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";

let model: Model;
const task = plantedTask();
const PLANTED = { nodes: PLANTED_NODES };
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

/** Some nodes of the model at random. */
function randomNodes(draw: number, share: number): NodeId[] {
  const random = randomStream(seed(draw), "some-nodes");
  return nodeSites(model.config)
    .flatMap((site) => Array.from({ length: siteWidth(model.config, site) }, (_, c) => nodeId(site, c)))
    .filter(() => random.uniform() < share);
}

describe("evaluateCircuit", () => {
  test.each([
    ["the planted circuit", () => PLANTED_NODES],
    ["half of all nodes", () => randomNodes(1, 0.5)],
    ["most nodes", () => randomNodes(2, 0.9)],
    ["no node", () => []],
  ])("agrees with a naive evaluation: %s", (_, choose) => {
    const nodes = choose();
    const evaluation = evaluateCircuit(model, task, { nodes });
    expect(evaluation.nodes).toBe(nodes.length);
    const { scale, shift } = evaluation.calibration;
    for (const split of ["dev", "test"] as const) {
      const examples = task.examples.filter((example) => example.split === split);
      const logits = examples.map((example) => naiveLogits(model, task, nodes, example));
      const shifts = shift as readonly number[];
      const calibrated = examples.map(({ answer, foil }, i): [number, number] => [
        scale * logits[i]![0] + shifts[answer]!,
        scale * logits[i]![1] + shifts[foil!]!,
      ]);
      for (const [scores, naive] of [
        [evaluation.uncalibrated[split], logits],
        [evaluation.calibrated[split], calibrated],
      ] as const) {
        expect(scores.n).toBe(examples.length);
        expect(scores.loss).toBeCloseTo(naiveLoss(naive), 5);
        // Logits that are almost equal may fall either way.
        const clear = naive.filter(([right, wrong]) => Math.abs(right - wrong) > 1e-4);
        const right = clear.filter(([right, wrong]) => right > wrong).length;
        const slack = (naive.length - clear.length) / naive.length;
        expect(Math.abs(scores.accuracy - right / naive.length)).toBeLessThanOrEqual(slack + 1e-9);
      }
    }
  });

  test("counts as edges the nonzero weights between the nodes", () => {
    const nodes = randomNodes(3, 0.3);
    const expected = nodes.flatMap((from) =>
      nodes.map((to) => ({ from, to, weight: weightBetween(model, from, to) })).filter(({ weight }) => weight !== 0),
    );
    const { edges } = evaluateCircuit(model, task, { nodes });
    const byName = (a: { from: string; to: string }, b: { from: string; to: string }) =>
      `${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1;
    expect(expected.length).toBeGreaterThan(20);
    expect([...edges].sort(byName)).toEqual(expected.sort(byName));
  });

  test("all nodes together are the model", () => {
    const { uncalibrated, model: whole } = evaluateCircuit(model, task, { nodes: randomNodes(0, 1) });
    for (const split of ["dev", "test"] as const) {
      expect(uncalibrated[split]).toEqual({ ...whole[split], loss: expect.closeTo(whole[split].loss, 9) });
    }
  });

  test("counts a node that is named twice once", () => {
    const evaluation = evaluateCircuit(model, task, { nodes: [...PLANTED_NODES, ...PLANTED_NODES] });
    expect(evaluation).toEqual(evaluateCircuit(model, task, PLANTED));
  });

  test("leaves no tensor behind", () => {
    evaluateCircuit(model, task, PLANTED);
    const before = tf.memory().numTensors;
    evaluateCircuit(model, task, PLANTED);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses a node that the model does not have, a model without means and a task without a test split", () => {
    expect(() => evaluateCircuit(model, task, { nodes: ["5.attn.q.0" as NodeId] })).toThrow(InputError);
    expect(() => evaluateCircuit({ ...model, means: new Map() }, task, PLANTED)).toThrow(/no mean of the site/u);
    const examples = task.examples.filter(({ split }) => split === "dev");
    expect(() => evaluateCircuit(model, { ...task, examples } satisfies Task, PLANTED)).toThrow(/no test examples/u);
  });
});

describe("calibration", () => {
  test("has the least dev loss among its neighbours, and shifts that sum to 0", () => {
    const nodes = PLANTED_NODES.filter((node) => !node.startsWith("0.attn.k"));
    const { calibration, calibrated, uncalibrated } = evaluateCircuit(model, task, { nodes });
    const shift = calibration.shift as readonly number[];
    expect(calibrated.dev.loss).toBeLessThan(uncalibrated.dev.loss);
    expect(shift.reduce((a, b) => a + b)).toBeCloseTo(0, 9);
    const dev = task.examples.filter(({ split }) => split === "dev");
    const logits = dev.map((example) => naiveLogits(model, task, nodes, example));
    const [first] = task.answers;
    // The fit pulls scale to 1 and shifts to 0 with this weight.
    const loss = (scale: number, half: number) =>
      naiveLoss(
        dev.map(({ answer }, i) => {
          const own = answer === first ? half : -half;
          return [scale * logits[i]![0] + own, scale * logits[i]![1] - own] as const;
        }),
      ) +
      1e-4 * ((scale - 1) ** 2 + 2 * half ** 2);
    const best = loss(calibration.scale, shift[first!]!);
    for (const [ds, dh] of [
      [0.02, 0],
      [-0.02, 0],
      [0, 0.02],
      [0, -0.02],
      [0.02, 0.02],
      [0.02, -0.02],
    ] as const) {
      expect(loss(calibration.scale + ds, shift[first!]! + dh)).toBeGreaterThan(best);
    }
  });

  test("of a numeric task is the line through the outputs", () => {
    const probe: Task = { ...task, numeric: true, answers: [] };
    const numeric = {
      ...probe,
      examples: task.examples.map((example) => {
        const [value] = naiveLogits(model, { ...task, answers: [0, 1] }, PLANTED_NODES, { ...example, answer: 0 });
        return { ...example, answer: 2 * value - 3 };
      }),
    };
    const { calibration, calibrated } = evaluateCircuit(model, numeric, PLANTED);
    expect(calibration.scale).toBeCloseTo(2, 3);
    expect(calibration.shift).toBeCloseTo(-3, 3);
    expect(calibrated.test.loss).toBeLessThan(1e-6);
  });
});
