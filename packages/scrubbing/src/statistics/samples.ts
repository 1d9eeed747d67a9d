import type { Dataset } from "../data/dataset.ts";
import type { Sample } from "./bootstrap.ts";

/** A value measured on one reference with one donor (dataset indices). */
export interface Measurement {
  readonly reference: number;
  readonly donor: number;
  readonly value: number;
}

/** Measurements as a sample: every reference counts once, however many donors it had. */
export function sampleOf(dataset: Dataset, measurements: readonly Measurement[]): Sample {
  const counts = new Map<number, number>();
  for (const { reference } of measurements) counts.set(reference, (counts.get(reference) ?? 0) + 1);
  const cluster = (index: number) => dataset.examples[index]!.cluster;
  return {
    values: Float64Array.from(measurements, ({ value }) => value),
    weights: Float64Array.from(measurements, ({ reference }) => 1 / counts.get(reference)!),
    referenceClusters: Int32Array.from(measurements, ({ reference }) => cluster(reference)),
    donorClusters: Int32Array.from(measurements, ({ donor }) => cluster(donor)),
    references: counts.size,
  };
}

/** The largest value, 0 of none. */
export function largest(sample: Sample): number {
  return sample.values.reduce((high, value) => Math.max(high, value), 0);
}
