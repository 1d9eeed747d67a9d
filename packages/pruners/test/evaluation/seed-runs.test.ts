import { disposeModel, seed, type Model, type NodeId } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { circuitEdges, runSeeds } from "../../src/index.ts";
import { PLANTED_NODES, plantedModel, plantedTask } from "../planted-model.ts";
import { lookingPruner } from "../looking-pruner.ts";

let model: Model;
beforeAll(async () => void (model = await plantedModel()));
afterAll(() => disposeModel(model));

/** Keeps the planted circuit, and one node more that the seed chooses. */
const restless = lookingPruner(() => undefined, {
  finish(ctx) {
    const extra = `1.mlp.act_in.${ctx.random("node").integer(ctx.sites.get("1.mlp.act_in" as never)!)}`;
    const kept = new Set<string>([...PLANTED_NODES, extra]);
    const gates = (site: string, width: number) =>
      Float32Array.from({ length: width }, (_, channel) => Number(kept.has(`${site}.${channel}`)));
    return new Map([...ctx.sites].map(([site, width]) => [site, gates(site, width)]));
  },
});

test("finds a circuit with seeds one after the other, and compares it with the one before", async () => {
  const nodes = [...PLANTED_NODES, "1.mlp.act_in.0" as NodeId];
  const beside = { nodes, edges: circuitEdges(model, nodes) };
  const told = new Set<number>();
  const settings = { seed: seed(6), count: 3, pruner: restless, target: 0.15 };
  const { runs, stability } = await runSeeds(model, plantedTask(), {
    ...settings,
    beside,
    onProgress: (run) => void told.add(run),
  });
  expect(runs.map((run) => run.seed)).toEqual([7, 8, 9]);
  expect([...told]).toEqual([0, 1, 2]);
  for (const run of runs) expect(run).toMatchObject({ nodes: 8, reached: true, edges: beside.edges.length });
  expect(stability.circuits).toBe(4);
  expect(stability.shared.slice().sort()).toEqual([...PLANTED_NODES].sort());
  // Seven of nine nodes, where the eighth differs; all of eight where it does not.
  expect(stability.nodes).toBeGreaterThanOrEqual(7 / 9);
  expect(stability.nodes).toBeLessThan(1);
  const alone = await runSeeds(model, plantedTask(), { ...settings, count: 2 });
  expect(alone.stability.circuits).toBe(2);
  expect(alone.runs).toEqual(runs.slice(0, 2));
});
