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
  const { examples } = dataset;
  const counts = new Int32Array(examples.length);
  for (const { reference } of measurements) counts[reference]!++;
  const n = measurements.length;
  const [values, weights] = [new Float64Array(n), new Float64Array(n)];
  const [referenceClusters, donorClusters] = [new Int32Array(n), new Int32Array(n)];
  for (let i = 0; i < n; i++) {
    const { reference, donor, value } = measurements[i]!;
    values[i] = value;
    weights[i] = 1 / counts[reference]!;
    referenceClusters[i] = examples[reference]!.cluster;
    donorClusters[i] = examples[donor]!.cluster;
  }
  const references = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return { values, weights, referenceClusters, donorClusters, references };
}

/** The largest value, 0 of none. */
export function largest(sample: Sample): number {
  return sample.values.reduce((high, value) => Math.max(high, value), 0);
}
