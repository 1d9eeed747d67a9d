import { defineOptions } from "@filigree/core";
import { defineSparsifier } from "./define-sparsifier.ts";
import { changesAfter, DYNAMIC_OPTIONS, exchange, storeFirst, type DynamicOptions } from "./dynamic-sparse.ts";

/**
 * Dynamic sparse training: only nonzeros are stored and trained, and every so many steps the smallest of them give way to
 * those weights whose gradient is largest (Evci et al. 2020, "Rigging the Lottery", algorithm 1). Gradients of all weights
 * are computed in those steps only.
 */
export const rigl = defineSparsifier({
  name: "rigl",
  version: "0.1.0",
  about: "stores only nonzeros, and now and then trades the smallest for those of largest gradient (Evci et al. 2020)",
  apiVersion: 1,
  storage: "nonzeros",
  options: defineOptions<DynamicOptions>(DYNAMIC_OPTIONS),
  init: storeFirst,
  wantsGradients: changesAfter,
  step(ctx, options, state) {
    if (!changesAfter(ctx, options)) return;
    exchange(ctx, options, state, (matrix, count) => matrix.growLargestGradients(count));
  },
  density: (_, __, state) => state.density,
});
