import type { NodeMask } from "@filigree/core";
import type { EdgeMask, PrunerContext } from "../contract/pruner.ts";

/** The loss on the whole dev split, but a loss that misses the limit clearly on some pairs is not measured on all. */
export function lossUpTo(ctx: PrunerContext, mask: NodeMask | EdgeMask, limit: number): number {
  const some = ctx.loss(mask, comparisonPairs(ctx));
  return some > HOPELESS * limit ? some : ctx.loss(mask);
}

/** A circuit that misses a loss by this factor on the comparison pairs is not worth a whole measurement. */
export const HOPELESS = 1.3;

/** Pairs on which circuits are compared. Whatever is removed is verified on the whole dev split. */
export function comparisonPairs(ctx: PrunerContext): number[] {
  const all = Array.from({ length: ctx.pairs }, (_, pair) => pair);
  return ctx.random("comparison").sample(all, 64);
}
