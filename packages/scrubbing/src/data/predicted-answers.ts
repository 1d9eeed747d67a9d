import { featureOf, otherFeatures, type Dataset, type DatasetExample } from "./dataset.ts";

/**
 * The answer that a claim about `feature` predicts when x shows y's value of it: the one common answer of the
 * dataset's examples with y's value of the feature and x's values of the others that are not nuisances. Undefined
 * where no example is like that, where their answers differ, and where the reference cannot give that answer.
 */
export function answerPredictor(
  dataset: Dataset,
  feature: string,
): (reference: DatasetExample, donor: DatasetExample) => number | undefined {
  const others = otherFeatures(dataset.task, feature);
  const key = (shows: DatasetExample, rest: DatasetExample) =>
    JSON.stringify([featureOf(shows, feature), ...others.map((name) => featureOf(rest, name))]);
  const answers = new Map<string, number | undefined>();
  for (const example of dataset.examples) {
    const k = key(example, example);
    if (!answers.has(k)) answers.set(k, example.answer);
    else if (answers.get(k) !== example.answer) answers.set(k, undefined);
  }
  return (reference, donor) => {
    const answer = answers.get(key(donor, reference));
    const possible = answer !== undefined && (reference.answers.length === 0 || reference.answers.includes(answer));
    return possible ? answer : undefined;
  };
}
