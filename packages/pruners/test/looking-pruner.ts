import { defineOptions, type NodeMask } from "@filigree/core";
import { definePruner, type PrunerContext, type SteppingPruner } from "../src/index.ts";

/** A pruner that does something with the context, takes one step and keeps all nodes; parts of it may be changed. */
export function lookingPruner(
  look: (ctx: PrunerContext) => void,
  change: Partial<SteppingPruner> = {},
): SteppingPruner {
  return definePruner({
    name: "look",
    version: "1.0.0",
    about: "for tests",
    apiVersion: 1,
    options: defineOptions({}),
    init: (ctx: PrunerContext) => look(ctx) ?? null,
    step: (_, __, state) => ({ state, done: true, progress: 1 }),
    finish: (ctx) => gatesOf(ctx, () => 1),
    ...change,
  });
}

/** A gate for every node, by its number. */
export function gatesOf(ctx: PrunerContext, gate: (node: number) => number): NodeMask {
  let node = 0;
  return new Map(
    [...ctx.sites].map(([site, width]) => [site, Float32Array.from({ length: width }, () => gate(node++))]),
  );
}
