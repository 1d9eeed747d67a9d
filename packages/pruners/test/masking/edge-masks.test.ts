import { disposeModel, seed, type Model, type NodeId } from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluateCircuit, pruneTask, type EdgeMask, type PrunerContext } from "../../src/index.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";
import { gatesOf, lookingPruner } from "../looking-pruner.ts";

let model: Model;
/** Without AbsTopK, whose selection makes the loss jump. */
let smooth: Model;
const task = plantedTask();
beforeAll(async () => {
  model = await plantedModel();
  smooth = { ...model, config: { ...model.config, afrac: null } };
});
afterAll(() => disposeModel(model));

/** Runs `look` with what a pruner gets. */
async function within(look: (ctx: PrunerContext) => void, on: Model = model, more: object = {}): Promise<void> {
  await pruneTask(on, task, { seed: seed(1), pruner: lookingPruner(look), ...more });
}

const edges = (ctx: PrunerContext, gate: (edge: number) => number): EdgeMask =>
  Float32Array.from({ length: ctx.graph.edgeCount }, (_, e) => gate(e));

const ABLATIONS = ["mean", "zero", "resample"] as const;

describe("a mask over edges", () => {
  test("names every nonzero weight between nodes once, in forward order", async () => {
    await within((ctx) => {
      const { from, to, weight, edgeCount, nodeCount } = ctx.graph;
      const listed = ctx.edges(gatesOf(ctx, () => 1));
      expect(edgeCount).toBe(listed.length);
      expect(nodeCount).toBe([...ctx.sites.values()].reduce((sum, width) => sum + width, 0));
      const names = [...ctx.sites].flatMap(([site, width]) => Array.from({ length: width }, (_, c) => `${site}.${c}`));
      const numbered = Array.from(from, (f, e) => ({ from: names[f], to: names[to[e]!], weight: weight[e] }));
      expect(new Set(numbered.map((edge) => JSON.stringify(edge)))).toEqual(
        new Set(listed.map((edge) => JSON.stringify(edge))),
      );
    });
  });

  test.each(ABLATIONS)("with all gates open is the whole model, %s ablation", async (ablation) => {
    await within(
      (ctx) => expect(ctx.loss(edges(ctx, () => 1))).toBeCloseTo(ctx.loss(gatesOf(ctx, () => 1)), 5),
      model,
      {
        ablation,
      },
    );
  });

  test.each(ABLATIONS)("with all gates closed is the model without nodes, %s ablation", async (ablation) => {
    await within(
      (ctx) => expect(ctx.loss(edges(ctx, () => 0))).toBeCloseTo(ctx.loss(gatesOf(ctx, () => 0)), 5),
      model,
      {
        ablation,
      },
    );
  });

  test.each(ABLATIONS)("with the edges of some nodes is the circuit of these nodes, %s ablation", async (ablation) => {
    await within(
      (ctx) => {
        // Every second neuron of layer 1 goes, with all its edges: what is left has all edges between its nodes.
        const gone = (node: number) => {
          const [site, channel] = siteOf(ctx, node);
          return site === "1.mlp.post_act" && channel % 2 === 0;
        };
        const open = edges(ctx, (e) => Number(!gone(ctx.graph.from[e]!) && !gone(ctx.graph.to[e]!)));
        const unread = new Set(Array.from({ length: ctx.graph.nodeCount }, (_, n) => n));
        open.forEach((gate, e) => {
          if (gate === 1) for (const n of [ctx.graph.from[e]!, ctx.graph.to[e]!]) unread.delete(n);
        });
        expect(ctx.loss(open)).toBeCloseTo(ctx.loss(gatesOf(ctx, (node) => Number(!unread.has(node)))), 5);
      },
      model,
      { ablation },
    );
  });

  test.each(ABLATIONS)("has the gradient that finite differences have, %s ablation", async (ablation) => {
    const compared: [number, number][] = [];
    await within(
      (ctx) => {
        const random = ctx.random("gates");
        const gates = edges(ctx, () => 0.3 + 0.6 * random.uniform());
        const pairs = [0, 3, 5, 8];
        const { gradient, loss } = ctx.gradient(gates, pairs);
        expect(loss).toBeCloseTo(ctx.loss(gates, pairs), 5);
        const steepest = Array.from(gradient.keys()).sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!));
        for (const edge of [...steepest.slice(0, 8), ...ctx.random("others").sample(steepest, 8)]) {
          const at = (change: number) =>
            ctx.loss(
              gates.map((g, e) => (e === edge ? g + change : g)),
              pairs,
            );
          compared.push([gradient[edge]!, (at(0.005) - at(-0.005)) / 0.01]);
        }
      },
      smooth,
      { ablation },
    );
    expect(Math.max(...compared.map(([slope]) => Math.abs(slope)))).toBeGreaterThan(0.01);
    for (const [slope, difference] of compared) {
      expect(Math.abs(slope - difference)).toBeLessThan(2e-4 + 0.02 * Math.abs(slope));
    }
  });

  test("is measured afresh as a circuit with the same edges", async () => {
    const kept = PLANTED_NODES as readonly NodeId[];
    await within((ctx) => {
      const all = ctx.edges(gatesOf(ctx, (node) => Number(kept.includes(siteOf(ctx, node).join(".") as NodeId))));
      const without = evaluateCircuit(model, task, { nodes: kept, edges: all.slice(0, -1) });
      const mask = edges(ctx, (e) => {
        const [from, to] = [ctx.graph.from[e]!, ctx.graph.to[e]!].map((node) => siteOf(ctx, node).join("."));
        return Number(all.slice(0, -1).some((edge) => edge.from === from && edge.to === to));
      });
      const whole = evaluateCircuit(model, task, { nodes: kept });
      expect(without.uncalibrated.dev.loss).toBeGreaterThan(whole.uncalibrated.dev.loss + 0.1);
      expect(without.edges).toHaveLength(whole.edges.length - 1);
      // What is cut is the way from the value to the answer.
      expect(ctx.loss(mask)).toBeGreaterThan(whole.uncalibrated.dev.loss + 0.1);
    });
  });

  test.each([0.01, 0.03, 0.1, 0.4])(
    "is the same circuit to a pruner and to the evaluation, share %f",
    async (share) => {
      await within((ctx) => {
        const { graph } = ctx;
        const random = ctx.random("mask");
        const mask = edges(ctx, () => Number(random.uniform() < share));
        const named = (node: number) => siteOf(ctx, node).join(".") as NodeId;
        const kept = [...mask.keys()].filter((e) => mask[e] === 1);
        const circuit = {
          nodes: [...new Set(kept.flatMap((e) => [named(graph.from[e]!), named(graph.to[e]!)]))],
          edges: kept.map((e) => ({ from: named(graph.from[e]!), to: named(graph.to[e]!), weight: graph.weight[e]! })),
        };
        expect(evaluateCircuit(model, task, circuit).uncalibrated.dev.loss).toBeCloseTo(ctx.loss(mask), 5);
      });
    },
  );

  test("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await within(
      (ctx) => {
        ctx.loss(edges(ctx, (e) => e % 2));
        ctx.gradient(edges(ctx, () => 0.5));
        ctx.statistics([...ctx.sites.keys()][0]!);
      },
      model,
      { ablation: "resample" },
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("resampling shows what the donor shows: with itself as the only other example nothing changes", async () => {
  // Both examples of a pair are the same, so that each is the other's donor.
  const first = task.examples.find(({ split }) => split === "dev");
  const last = task.examples.find(({ split }) => split === "test");
  const twice = {
    ...task,
    examples: [first!, first!, last!, last!].map((example) => ({ ...example, pair: undefined! })),
  };
  const { uncalibrated, model: whole } = evaluateCircuit(model, twice, { nodes: [] }, { ablation: "resample" });
  expect(uncalibrated.dev.loss).toBeCloseTo(whole.dev.loss, 5);
  expect(uncalibrated.test.loss).toBeCloseTo(whole.test.loss, 5);
  expect(evaluateCircuit(model, twice, { nodes: [] }).uncalibrated.dev.loss).toBeGreaterThan(whole.dev.loss + 0.1);
});

test("statistics are those of all tokens that the examples hold", async () => {
  await within((ctx) => {
    const site = "0.attn.act_in" as Parameters<typeof ctx.statistics>[0];
    const { mean, deviation } = ctx.statistics(site);
    expect(mean).toHaveLength(ctx.sites.get(site)!);
    // The residual stream's norm is 1 in mean square, and AbsTopK keeps the larger half.
    const square = mean.reduce((sum, m, c) => sum + m * m + deviation[c]! ** 2, 0);
    expect(square / ctx.sites.get(site)!).toBeGreaterThan(0.7);
    expect(square / ctx.sites.get(site)!).toBeLessThanOrEqual(1.0001);
  });
});

/** A node's site and channel. */
function siteOf(ctx: PrunerContext, node: number): [string, number] {
  let start = 0;
  for (const [site, width] of ctx.sites) {
    if (node < start + width) return [site, node - start];
    start += width;
  }
  throw new RangeError(`no node ${node}`);
}
