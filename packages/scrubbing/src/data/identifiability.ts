import { featureOf, type Dataset } from "./dataset.ts";

/** Above this two features tell so much of each other that no swap can tell which of them is meant. */
export const NOT_IDENTIFIED_ABOVE = 0.9;

/**
 * Normalised mutual information of two features over the dataset: I(f; g) / √(H(f) · H(g)), 0 to 1. A feature of one
 * value has none.
 */
export function mutualInformation(dataset: Dataset, f: string, g: string): number {
  const n = dataset.examples.length;
  const tally = (key: (i: number) => string) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < n; i++) counts.set(key(i), (counts.get(key(i)) ?? 0) + 1);
    return [...counts.values()].reduce((h, count) => h - (count / n) * Math.log(count / n), 0);
  };
  const value = (name: string) => (i: number) => JSON.stringify(featureOf(dataset.examples[i]!, name));
  const hf = tally(value(f));
  const hg = tally(value(g));
  const joint = tally((i) => `${value(f)(i)}\n${value(g)(i)}`);
  return hf > 0 && hg > 0 ? (hf + hg - joint) / Math.sqrt(hf * hg) : 0;
}

/** The first other feature that cannot be told from `feature` on this dataset. */
export function confusedWith(dataset: Dataset, feature: string): string | undefined {
  return dataset.task.features
    .map(({ name }) => name)
    .find((name) => name !== feature && mutualInformation(dataset, feature, name) > NOT_IDENTIFIED_ABOVE);
}
