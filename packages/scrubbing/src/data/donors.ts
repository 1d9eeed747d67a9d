import type { RandomStream } from "@filigree/core";
import { featureOf, otherFeatures, type Dataset, type DatasetExample } from "./dataset.ts";

/**
 * Which donors a rule allows for a reference x.
 * EQ(f): same value of f. NE(f): f differs, every other declared feature that is not a nuisance is equal.
 * ANY: any. SELF: x itself.
 */
export type DonorRule =
  | { readonly kind: "EQ"; readonly feature: string }
  | { readonly kind: "NE"; readonly feature: string }
  | { readonly kind: "ANY" }
  | { readonly kind: "SELF" };

/** What the swap itself asks of a donor beside the rule: equal length, roles at equal places. */
export type DonorFilter = (reference: DatasetExample, donor: DatasetExample) => boolean;

/** How a rule is written in reports and traces. */
export function ruleName(rule: DonorRule): string {
  return "feature" in rule ? `${rule.kind}(${rule.feature})` : rule.kind;
}

/**
 * Up to `count` donors for each reference, drawn without replacement; an NE donor that is the contrast partner comes
 * first. A donor has the same possible answers as its reference, and never its very tokens.
 *
 * @returns one list of dataset indices per example; empty where the rule allows none
 */
export function drawDonors(
  dataset: Dataset,
  rule: DonorRule,
  count: number,
  random: RandomStream,
  filter: DonorFilter = () => true,
): number[][] {
  return sampleDonors(dataset, rule, allowedDonors(dataset, rule, filter), count, random);
}

/** Every donor that a rule allows, one list of dataset indices per example. */
export function allowedDonors(dataset: Dataset, rule: DonorRule, filter: DonorFilter = () => true): number[][] {
  if (rule.kind === "SELF") return dataset.examples.map(({ index }) => [index]);
  const { examples } = dataset;
  const classes = classify(dataset, rule);
  // Asked of every pair of a class: looked up once in each example.
  const apart = rule.kind === "NE" ? examples.map((example) => featureOf(example, rule.feature)) : undefined;
  return examples.map((x) => {
    const allowed: number[] = [];
    for (const y of classes.get(keyFor(dataset, rule, x))!) {
      if (apart && apart[x.index] === apart[y.index]) continue;
      if (y.tokens !== x.tokens && filter(x, y)) allowed.push(y.index);
    }
    return allowed;
  });
}

/** Draws from allowed donors as {@link drawDonors} does. */
export function sampleDonors(
  dataset: Dataset,
  rule: DonorRule,
  allowed: readonly (readonly number[])[],
  count: number,
  random: RandomStream,
): number[][] {
  return allowed.map((indices, i) => {
    const { partner } = dataset.examples[i]!;
    if (rule.kind === "NE" && partner !== undefined && indices.includes(partner)) {
      const others = indices.filter((index) => index !== partner);
      return [partner, ...random.sample(others, count - 1)];
    }
    return random.sample(indices, count);
  });
}

/** Examples by what all donors of one reference have in common, so that candidates are found without a full search. */
function classify(dataset: Dataset, rule: DonorRule): Map<string, DatasetExample[]> {
  const classes = new Map<string, DatasetExample[]>();
  for (const example of dataset.examples) {
    const key = keyFor(dataset, rule, example);
    const members = classes.get(key);
    if (members) members.push(example);
    else classes.set(key, [example]);
  }
  return classes;
}

/** What donors share with their reference: the features that the rule asks for, and the possible answers. */
function keyFor({ task }: Dataset, rule: DonorRule, example: DatasetExample): string {
  const names = rule.kind === "EQ" ? [rule.feature] : rule.kind === "NE" ? otherFeatures(task, rule.feature) : [];
  return JSON.stringify([example.answers, ...names.map((name) => featureOf(example, name))]);
}

/** Each reference with each of its donors. @param donors lists of dataset indices, one a reference */
export function donorPairs(donors: readonly (readonly number[])[]): { reference: number; donor: number }[] {
  return donors.flatMap((list, reference) => list.map((donor) => ({ reference, donor })));
}
