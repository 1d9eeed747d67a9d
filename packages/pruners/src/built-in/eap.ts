import { defineOptions } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import { ATTRIBUTION_OPTIONS, scoreOfSlope, type AttributionOptions } from "./attribution-score.ts";

/**
 * Edge attribution patching (Syed et al. 2023, equation 3): gradient at the edge's target × what changes there when the
 * edge carries its source ablated, which is the gradient with respect to the edge's gate. One backward pass.
 */
export const eap = definePruner<AttributionOptions>({
  name: "eap",
  version: "0.1.0",
  about: "scores each edge by what cutting it changes to first order: one backward pass (Syed et al. 2023)",
  apiVersion: 1,
  options: defineOptions(ATTRIBUTION_OPTIONS),
  score(ctx, options) {
    const { gradient } = ctx.gradient(new Float32Array(ctx.graph.edgeCount).fill(1));
    return gradient.map((slope) => scoreOfSlope(slope, options));
  },
});
