import { choiceOption, numberOption, type SchemaIssue } from "@filigree/core";
import type { StepPosition } from "./sparsifier.ts";

/** How a fraction falls from 1 to its final value. */
export interface Annealing {
  readonly anneal: "geometric" | "linear" | "power-law";
  readonly annealFrom: number;
  readonly annealUntil: number;
}

export const ANNEAL_OPTIONS = {
  anneal: choiceOption(["geometric", "linear", "power-law"], {
    about:
      "how the fraction falls from 1 to its final value: by equal factors a step, by equal amounts (the paper and " +
      "train.py), or along a straight line in log fraction over log step (train.py's alternative)",
    default: "geometric",
  }),
  annealFrom: numberOption({
    about: "share of the run at which the fraction begins to fall: 0.01 in train.py",
    default: 0,
    most: 1,
  }),
  annealUntil: numberOption({
    about: "share of the run after which the fraction is final: 0.5 in the paper, 0.8 for its sparsest models",
    above: 0,
    most: 1,
    default: 0.5,
  }),
};

/** Annealing that cannot be done. */
export function checkAnnealing({ anneal, annealFrom, annealUntil }: Annealing): SchemaIssue | undefined {
  if (annealFrom >= annealUntil) return { message: `not before annealUntil, ${annealUntil}`, path: ["annealFrom"] };
  if (anneal === "power-law" && annealFrom === 0) {
    return { message: "a power law starts above 0: 0.01 as published", path: ["annealFrom"] };
  }
  return undefined;
}

/** The step after which the fraction is final; no later than the last, or the run would end before. */
export function lastAnnealed({ steps }: StepPosition, { annealUntil }: Pick<Annealing, "annealUntil">): number {
  return Math.min(annealUntil * steps, steps - 1);
}

/** The fraction at a step, 1 before the annealing. */
export function annealedFraction(final: number, at: StepPosition, annealing: Annealing): number {
  const { step, steps } = at;
  const { anneal, annealFrom } = annealing;
  const [from, until] = [annealFrom * steps, lastAnnealed(at, annealing)];
  if (step <= from) return 1;
  if (anneal === "power-law") return final ** Math.min(1, Math.log(step / from) / Math.log(until / from));
  const progress = Math.min(1, (step - from) / Math.max(1, until - from));
  return anneal === "geometric" ? final ** progress : 1 + (final - 1) * progress;
}
