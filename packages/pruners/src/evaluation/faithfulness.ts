import type { RandomStream } from "@filigree/core";
import { bootstrapMeans, type Clusters, type Estimate } from "./bootstrap.ts";
import type { ExampleFigures } from "./margins.ts";

/** How much of what the whole model does a part of it does: 0 as with everything ablated, 1 as the whole model. */
export interface Faithfulness {
  /** Of the margin between the right and the wrong answers' logits (Mueller et al. 2025). Numeric tasks have none. */
  readonly margin: Estimate | undefined;
  /** Of the task loss. */
  readonly loss: Estimate;
}

/** The figures of each example in one and the same examples. */
export interface Bounds {
  readonly whole: ExampleFigures;
  /** Everything ablated. */
  readonly ablated: ExampleFigures;
}

/**
 * (m(part) − m(ablated)) / (m(whole) − m(ablated)) of means over the examples. It has no value, NaN, where the whole
 * model is no better than what is left when everything is ablated.
 *
 * @param random opens the stream of a bootstrap by its name
 */
export function measureFaithfulness(
  part: ExampleFigures,
  { whole, ablated }: Bounds,
  clusters: Clusters,
  random: () => RandomStream,
): Faithfulness {
  const ratio = (part: Float64Array, ablated: Float64Array, whole: Float64Array, sign: 1 | -1) =>
    bootstrapMeans([part, ablated, whole], clusters, ([p, a, w]) => faithfulness(p!, a!, w!, sign), random());
  return {
    margin: part.margin && ratio(part.margin, ablated.margin!, whole.margin!, 1),
    loss: ratio(part.loss, ablated.loss, whole.loss, -1),
  };
}

/** @param sign 1 where more is better, −1 for a loss */
function faithfulness(part: number, ablated: number, whole: number, sign: 1 | -1): number {
  const span = sign * (whole - ablated);
  return span > 0 ? (sign * (part - ablated)) / span : NaN;
}
