import { defineOptions, numberOption, type OptionsOf } from "@filigree/core";
import { defineSparsifier } from "./define-sparsifier.ts";
import { countOf, FINAL_FRACTIONS, finalFraction } from "./final-fractions.ts";
import type { StepPosition } from "./sparsifier.ts";

const OPTIONS = defineOptions(
  {
    ...FINAL_FRACTIONS,
    pruneFrom: numberOption({ about: "share of the run at which pruning begins", default: 0, most: 1 }),
    pruneUntil: numberOption({ about: "share of the run at which pruning ends", above: 0, most: 1, default: 0.7 }),
    every: numberOption({
      about: "steps from one pruning to the next; 100 to 1,000 in the paper, whose runs are long",
      default: 10,
      least: 1,
      whole: true,
    }),
  },
  ({ pruneFrom, pruneUntil }) =>
    pruneFrom < pruneUntil ? undefined : { message: `not before pruneUntil, ${pruneUntil}`, path: ["pruneFrom"] },
);

type MagnitudeOptions = OptionsOf<typeof OPTIONS>;

interface MagnitudeState {
  /** 1 for a weight that stays, 0 for one that is gone, by matrix. */
  readonly masks: Readonly<Record<string, Float32Array>>;
}

/**
 * Gradual magnitude pruning (Zhu & Gupta 2017): every so many steps the smallest weights go for good, many at first and
 * few at the end, and the others are trained on. Made for a dense checkpoint to start from.
 */
export const magnitude = defineSparsifier<MagnitudeOptions, MagnitudeState>({
  name: "magnitude",
  version: "0.1.0",
  about: "prunes the smallest weights for good, ever fewer at a time (Zhu & Gupta 2017)",
  apiVersion: 1,
  storage: "dense",
  options: OPTIONS,
  init: ({ matrices }) => ({
    masks: Object.fromEntries(matrices.map(({ name, rows, cols }) => [name, new Float32Array(rows * cols).fill(1)])),
  }),
  step(ctx, options, { masks }) {
    const pruning = lastPruning(ctx, options);
    if (pruning === undefined) return;
    for (const matrix of ctx.matrices) {
      const mask = masks[matrix.name]!;
      // The optimiser's moments move even weights that are gone.
      matrix.setValues(matrix.values().map((value, i) => value * mask[i]!));
      if (pruning.step !== ctx.step) continue;
      matrix.keepLargest(countOf(matrix, remaining(finalFraction(matrix, options), pruning.progress)));
      matrix.values().forEach((value, i) => (mask[i] = value === 0 ? 0 : 1));
    }
  },
  density: (at, options) => remaining(options.block, lastPruning(at, options)?.progress ?? 0),
});

/** The pruning that a step is, or that lies behind it. `progress` goes from 0 to 1 over all prunings. */
function lastPruning(
  { step, steps }: StepPosition,
  { pruneFrom, pruneUntil, every }: MagnitudeOptions,
): { readonly step: number; readonly progress: number } | undefined {
  const first = Math.round(pruneFrom * steps);
  const last = Math.max(first + 1, Math.min(steps - 1, Math.round(pruneUntil * steps)));
  if (step < first) return undefined;
  const pruning = step >= last ? last : first + Math.floor((step - first) / every) * every;
  return { step: pruning, progress: (pruning - first) / (last - first) };
}

/** One less the sparsity of Zhu & Gupta's equation 1. */
function remaining(final: number, progress: number): number {
  return final + (1 - final) * (1 - progress) ** 3;
}
