import { defineOptions } from "@filigree/core";
import { defineSparsifier } from "./define-sparsifier.ts";
import {
  changesAfter,
  drawFree,
  DYNAMIC_OPTIONS,
  exchange,
  storeFirst,
  type DynamicOptions,
} from "./dynamic-sparse.ts";

/**
 * Sparse evolutionary training: as `rigl`, but weights that are given up make way for random ones, so that no gradient of
 * all weights is ever computed (Mocanu et al. 2018).
 */
export const set = defineSparsifier({
  name: "set",
  version: "0.1.0",
  about: "stores only nonzeros, and now and then trades the smallest for random ones (Mocanu et al. 2018)",
  apiVersion: 1,
  storage: "nonzeros",
  options: defineOptions<DynamicOptions>(DYNAMIC_OPTIONS),
  init: storeFirst,
  step(ctx, options, state) {
    if (!changesAfter(ctx, options)) return;
    exchange(ctx, options, state, (matrix, count) => {
      const size = matrix.rows * matrix.cols;
      matrix.grow(drawFree(size, matrix.indices(), count, ctx.random(matrix.name)));
    });
  },
  density: (_, __, state) => state.density,
});
