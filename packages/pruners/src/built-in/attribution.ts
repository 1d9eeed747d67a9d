import { defineOptions } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";
import { maskWhere } from "../masking/gate-vector.ts";
import { ATTRIBUTION_OPTIONS, scoreOfSlope, type AttributionOptions } from "./attribution-score.ts";

/**
 * Attribution patching of nodes (Nanda 2023; the baseline of Gao et al. 2025, figure 31): gradient × (activation − what
 * ablation shows), summed over tokens, which is the gradient with respect to the node's gate. One backward pass.
 */
export const attribution = definePruner<AttributionOptions>({
  name: "attribution",
  version: "0.1.0",
  about: "scores each node by gradient × (activation − mean): one backward pass (Nanda 2023)",
  apiVersion: 1,
  options: defineOptions(ATTRIBUTION_OPTIONS),
  score(ctx, options) {
    const { gradient } = ctx.gradient(maskWhere(ctx.sites, () => true));
    return new Map([...gradient].map(([site, slopes]) => [site, slopes.map((slope) => scoreOfSlope(slope, options))]));
  },
});
