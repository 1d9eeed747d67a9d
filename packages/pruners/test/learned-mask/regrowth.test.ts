import { randomStream, seed, siteName, type NodeMask } from "@filigree/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { learnedMask, type EdgeMask, type PrunerContext } from "../../src/index.ts";

// The contract shows a pruner nothing but losses, gradients and edges. Here they come from a formula whose smallest
// circuits are known, rather than from a model: term t has the loss exp(−Σ_j weight[t][j] · gate[j]).

const SITE = siteName("0.mlp.post_act");

interface Outcome {
  readonly kept: readonly number[];
  /** The size of the circuit when regrowth began. */
  readonly removedTo: number;
}

function lossOf(weights: readonly (readonly number[])[], gates: ArrayLike<number>): number {
  const terms = weights.map((row) => Math.exp(-row.reduce((sum, w, j) => sum + w * gates[j]!, 0)));
  return terms.reduce((sum, term) => sum + term, 0) / weights.length;
}

/** The gates of a mask over nodes. */
function gatesOf(mask: NodeMask | EdgeMask): Float32Array {
  if (mask instanceof Float32Array) throw new Error("There are no edges here.");
  return mask.get(SITE)!;
}

async function prune(weights: readonly (readonly number[])[], target: number): Promise<Outcome> {
  const width = weights[0]!.length;
  const slope = (gates: ArrayLike<number>, j: number) =>
    -weights.reduce((sum, row) => sum + row[j]! * lossOf([row], gates), 0) / weights.length;
  const ctx: PrunerContext = {
    sites: new Map([[SITE, width]]),
    graph: {
      sites: new Map([[SITE, width]]),
      nodeCount: width,
      edgeCount: 0,
      from: new Uint32Array(),
      to: new Uint32Array(),
      weight: new Float32Array(),
    },
    ablation: "mean",
    target,
    pairs: 4,
    loss: (mask) => lossOf(weights, gatesOf(mask)),
    gradient: ((mask: NodeMask) => {
      const gates = gatesOf(mask);
      const gradient: NodeMask = new Map([[SITE, Float32Array.from(gates, (_, j) => slope(gates, j))]]);
      return { loss: lossOf(weights, gates), gradient };
    }) as PrunerContext["gradient"],
    statistics: () => ({ mean: new Float32Array(width), deviation: new Float32Array(width) }),
    edges: () => [],
    random: (name) => randomStream(seed(0), name),
    budget: { total: Infinity, used: 0 },
    log: () => {},
    signal: new AbortController().signal,
  };
  const options = { ...defaults(), steps: 5 };
  let state = await learnedMask.init(ctx, options);
  let removedTo = width;
  for (let done = false; !done;) {
    ({ state, done } = await learnedMask.step(ctx, options, state));
    const { phase, kept } = state as { phase: string; kept: readonly unknown[] };
    if (phase === "remove") removedTo = kept.length;
  }
  const gates = gatesOf(await learnedMask.finish(ctx, options, state));
  return { kept: [...gates.keys()].filter((j) => gates[j] === 1), removedTo };
}

function defaults(): Record<string, number> {
  const result = learnedMask.options["~standard"].validate({});
  if (result instanceof Promise || result.issues) throw new Error("The options have no defaults.");
  return result.value as Record<string, number>;
}

describe("regrowth", () => {
  test("finds the node that stands for two, although it went first", async () => {
    // Without node 0 the loss rises less than without node 1 or 2; but once it is gone, both of these are needed.
    const weights = [
      [1, 1.5, 0],
      [1, 0, 1.5],
    ];
    const { kept, removedTo } = await prune(weights, Math.exp(-1));
    expect(removedTo).toBe(2);
    expect(kept).toEqual([0]);
  });

  test("ends within the target, with no node that could go, and never with more than removal left", async () => {
    const weight = fc.double({ min: 0, max: 2, noNaN: true });
    const weights = fc.array(fc.array(weight, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(weights, fc.double({ min: 0.05, max: 0.9, noNaN: true }), async (weights, share) => {
        const whole = lossOf(weights, [1, 1, 1, 1, 1, 1]);
        const target = whole + share * (1 - whole);
        const { kept, removedTo } = await prune(weights, target);
        const without = (left: readonly number[]) =>
          lossOf(
            weights,
            Array.from({ length: 6 }, (_, j) => (left.includes(j) ? 1 : 0)),
          );
        expect(without(kept)).toBeLessThanOrEqual(target);
        expect(kept.length).toBeLessThanOrEqual(removedTo);
        for (const node of kept) expect(without(kept.filter((other) => other !== node))).toBeGreaterThan(target);
      }),
      { numRuns: 60 },
    );
  });
});
