import { defineOptions, numberOption } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import { ATTRIBUTION_OPTIONS, scoreOfSlope, type AttributionOptions } from "./attribution-score.ts";

interface EapIgOptions extends AttributionOptions {
  readonly steps: number;
}

/**
 * Edge attribution patching with integrated gradients (Hanna et al. 2024; Sundararajan et al. 2017). Where the whole
 * model makes no mistake its loss has no slope left; on the way from the ablated model to the whole one it has. All
 * edges are opened together, α from 0 to 1, and the slopes are averaged over the middles of equal steps: their sum over
 * edges is the loss of the ablated model minus that of the whole one, but for the steps. (Hanna et al. take the way of
 * the token embeddings, which is no ablation that a circuit is measured with.)
 */
export const eapIg = definePruner<EapIgOptions>({
  name: "eap-ig",
  version: "0.1.0",
  about: "eap with gradients averaged on the way from the ablated model to the whole one (Hanna et al. 2024)",
  apiVersion: 1,
  options: defineOptions<EapIgOptions>({
    ...ATTRIBUTION_OPTIONS,
    steps: numberOption({ about: "gradients on the way", least: 1, whole: true, default: 5 }),
  }),
  score(ctx, options) {
    const { steps } = options;
    const sums = new Float64Array(ctx.graph.edgeCount);
    for (let step = 0; step < steps; step++) {
      ctx.signal.throwIfAborted();
      const { gradient } = ctx.gradient(new Float32Array(sums.length).fill((step + 0.5) / steps));
      gradient.forEach((slope, e) => (sums[e]! += slope / steps));
    }
    return Float32Array.from(sums, (slope) => scoreOfSlope(slope, options));
  },
});
