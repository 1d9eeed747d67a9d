import type { Claim } from "@filigree/hypothesis";
import { measureCompetence, type Competence } from "./competence.ts";
import type { Dataset, DatasetExample } from "./data/dataset.ts";
import type { Evaluate } from "./data/evaluate.ts";
import type { CleanRuns } from "./engine/clean-runs.ts";
import type { Sample } from "./statistics/bootstrap.ts";
import { sampleOf, type Measurement } from "./statistics/samples.ts";

/** What one claim is tested on: all of the data, or, with `when`, the references of which its condition is true. */
export interface ClaimData {
  readonly dataset: Dataset;
  /** Number of references. Donors may be any example. */
  readonly references: number;
  isReference(example: DatasetExample): boolean;
  /** ‖Δ‖² of the whole prompt taken from a donor at random, of the references. */
  readonly distances: readonly Measurement[];
  readonly scale: Sample;
  /** Of the references: where the model does not do the task, its circuits mean nothing. */
  readonly competence: Competence;
}

/** Everything, for claims without conditions. */
export function wholeData(clean: CleanRuns, distances: readonly Measurement[], alpha: number): ClaimData {
  const { dataset } = clean;
  return {
    dataset,
    references: dataset.examples.length,
    isReference: () => true,
    distances,
    scale: sampleOf(dataset, distances),
    competence: measureCompetence(clean, dataset.examples, alpha),
  };
}

/** The data of one claim. */
export function claimData(
  { when, anyIndex }: Claim,
  whole: ClaimData,
  clean: CleanRuns,
  evaluate: Evaluate,
  alpha: number,
): ClaimData {
  const dataset = anyIndex ? { ...whole.dataset, positionMatched: false } : whole.dataset;
  if (!when) return { ...whole, dataset };
  const chosen = dataset.examples.filter((example) => evaluate(when, example) === true);
  const indices = new Set(chosen.map(({ index }) => index));
  const distances = whole.distances.filter(({ reference }) => indices.has(reference));
  const competence = measureCompetence(clean, chosen, alpha);
  return {
    dataset,
    references: chosen.length,
    isReference: ({ index }) => indices.has(index),
    distances,
    scale: sampleOf(dataset, distances),
    competence: { ...competence, problem: whole.competence.problem ?? competence.problem },
  };
}
