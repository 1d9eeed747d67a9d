import { choiceOption } from "@filigree/core";

/** Options of the methods that score by a gradient. */
export const ATTRIBUTION_OPTIONS = {
  score: choiceOption(["rise", "absolute"], {
    about:
      "what counts: by how much cutting makes the loss rise, or how much it changes the loss, up or down, as published",
    default: "rise",
  }),
} as const;

export interface AttributionOptions {
  readonly score: "rise" | "absolute";
}

/** The score of a gate from the loss's slope. Closing it, from 1 to 0, changes the loss by −slope to first order. */
export function scoreOfSlope(slope: number, { score }: AttributionOptions): number {
  return score === "absolute" ? Math.abs(slope) : -slope;
}
