import { disposeModel, formatNodeFile, seed, type Model, type NodeId } from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { circuitNodes, evaluateCircuit, pruneTask, type PruneCheckpoint, type PruneProgress } from "../../src/index.ts";
import { PLANTED_NEEDED, plantedModel, plantedTask } from "../planted-model.ts";

let model: Model;
const task = plantedTask();
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

const prune = (more: object = {}) =>
  pruneTask(model, task, { seed: seed(1), options: { steps: 100, batchPairs: 16 }, ...more });

/** One run from the beginning to the end, with a checkpoint after each step: many tests compare others with it. */
async function runStraight() {
  const checkpoints: string[] = [];
  const result = await prune({
    onProgress: ({ checkpoint }: PruneProgress) => checkpoints.push(JSON.stringify(checkpoint())),
  });
  return { ...result, checkpoints };
}
let run: ReturnType<typeof runStraight> | undefined;
const straight = () => (run ??= runStraight());

describe("the learned mask", () => {
  test.each([1, 2, 3])("finds the planted circuit and nothing else, seed %i", async (n) => {
    const { nodeFile, evaluation, reached } = await (n === 1 ? straight() : prune({ seed: seed(n) }));
    expect(circuitNodes(nodeFile)).toEqual(PLANTED_NEEDED);
    expect(reached).toBe(true);
    expect(evaluation.uncalibrated.test.loss).toBeLessThanOrEqual(0.15);
    expect(evaluation.calibrated.test.loss).toBeLessThanOrEqual(0.15);
    expect(evaluation.uncalibrated.test.accuracy).toBe(1);
  });

  test("can do with less where it may lose more", async () => {
    const strict = circuitNodes((await straight()).nodeFile);
    const loose = circuitNodes((await prune({ target: 0.6 })).nodeFile);
    expect(loose.length).toBeLessThan(strict.length);
    const kept = new Set<NodeId>(strict);
    expect(loose.every((node) => kept.has(node))).toBe(true);
  });

  test("keeps a channel's query and key together, or neither, where they are tied", async () => {
    const options = { steps: 100, batchPairs: 16, queriesAndKeys: "tied" };
    const { nodeFile, reached } = await prune({ options });
    expect(reached).toBe(true);
    const sides = ["q", "k"].map((side) => {
      const nodes = circuitNodes(nodeFile).filter((node) => node.includes(`.attn.${side}.`));
      return nodes.map((node) => node.replace(`.${side}.`, ".*."));
    });
    expect(sides[0]).toEqual(sides[1]);
    expect(sides[0]).not.toHaveLength(0);
  });

  test.each([
    ["separate", PLANTED_NEEDED],
    ["tied", expect.arrayContaining([...PLANTED_NEEDED]) as readonly NodeId[]],
  ])("finds the planted circuit with frozen norms, %s", async (queriesAndKeys, expected) => {
    const options = { steps: 100, batchPairs: 16, norms: "frozen", queriesAndKeys };
    const { nodeFile, evaluation, reached } = await prune({ options });
    const nodes = circuitNodes(nodeFile);
    expect(nodes).toEqual(expected);
    expect(reached).toBe(true);
    // Measured as ever, with live norms.
    expect(evaluateCircuit(model, task, { nodes })).toEqual(evaluation);
  });

  test("learns otherwise with frozen norms, the same again, and for no more than half of its budget", async () => {
    const learning = async (norms: string) => {
      const losses: number[] = [];
      const stop = new AbortController();
      let used = 0;
      const stopped = prune({
        options: { steps: 100, batchPairs: 16, norms },
        budget: 20_000,
        signal: stop.signal,
        onProgress: ({ figures, checkpoint }: PruneProgress) => {
          losses.push(figures["loss"]!);
          if ((checkpoint().state as { phase: string }).phase === "learn") ({ used } = checkpoint());
          else stop.abort();
        },
      });
      await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
      return { losses, used };
    };
    const [live, frozen, again] = [await learning("live"), await learning("frozen"), await learning("frozen")];
    expect(again).toEqual(frozen);
    expect(frozen.losses.some((loss, step) => Math.abs(loss - live.losses[step]!) > 1e-3)).toBe(true);
    for (const { used } of [live, frozen]) {
      expect(used).toBeGreaterThan(9_000);
      expect(used).toBeLessThanOrEqual(10_000);
    }
  });

  test("gives the same bytes again", async () => {
    expect(formatNodeFile((await prune()).nodeFile)).toBe(formatNodeFile((await straight()).nodeFile));
  });

  test("goes on from any checkpoint to the same bytes, with the same work", async () => {
    const { nodeFile, checkpoints } = await straight();
    const last = JSON.parse(checkpoints.at(-1)!) as PruneCheckpoint;
    for (const at of [40, 99, 100, checkpoints.length - 2, checkpoints.length - 1]) {
      let end = checkpoints[at]!;
      const resumed = await prune({
        resume: JSON.parse(checkpoints[at]!) as PruneCheckpoint,
        onProgress: ({ checkpoint }: PruneProgress) => (end = JSON.stringify(checkpoint())),
      });
      expect(formatNodeFile(resumed.nodeFile)).toBe(formatNodeFile(nodeFile));
      expect(JSON.parse(end)).toEqual(last);
    }
  });

  test("refuses to go on from another run", async () => {
    const saved = JSON.parse((await straight()).checkpoints[0]!) as PruneCheckpoint;
    await expect(prune({ resume: saved, seed: seed(2) })).rejects.toThrow(/its seed differs: 1/u);
    await expect(prune({ resume: saved, options: { steps: 101 } })).rejects.toThrow(/its options differs/u);
    await expect(prune({ resume: { ...saved, format: "filigree.pruning/9" } })).rejects.toThrow(
      /not one that this version/u,
    );
  });

  test("stops when it is told to", async () => {
    const stop = new AbortController();
    const steps: number[] = [];
    const stopped = prune({
      signal: stop.signal,
      onProgress: ({ steps: n }: PruneProgress) => {
        steps.push(n);
        if (n === 5) stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    expect(steps).toEqual([1, 2, 3, 4, 5]);
  });

  test("keeps its budget and still ends with a circuit", async () => {
    let used = 0;
    const { reached } = await prune({
      budget: 10_000,
      onProgress: ({ checkpoint }: PruneProgress) => (used = checkpoint().used),
    });
    expect(used).toBeLessThanOrEqual(10_000);
    expect(used).toBeGreaterThan(5_000);
    expect(reached).toBe(true);
  });

  test("leaves no tensor behind", async () => {
    await straight();
    const before = tf.memory().numTensors;
    await prune();
    expect(tf.memory().numTensors).toBe(before);
  });
});
