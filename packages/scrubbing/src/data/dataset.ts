import { InputError, randomStream, type Model, type Seed } from "@filigree/core";
import { answerSet, type Example, type FeatureValue, type Split, type Task } from "@filigree/tasks";
import { FEWEST_CLUSTERS } from "../statistics/bootstrap.ts";

/** The examples that a check runs on. Donors come from among them, so that every run of one is done once. */
export interface Dataset {
  readonly task: Task;
  /** Whether a swapped role must sit at the same index in reference and donor: in models with position embeddings. */
  readonly positionMatched: boolean;
  readonly examples: readonly DatasetExample[];
  /** Number of different clusters. */
  readonly clusters: number;
}

/** One example with what the engine asks of it again and again. */
export interface DatasetExample extends Example {
  /** Index into the dataset's examples. */
  readonly index: number;
  /** Index into the task's examples: how reports name it. */
  readonly taskIndex: number;
  /** Output ids of its possible answers, ascending; empty in a numeric task. */
  readonly answers: readonly number[];
  /** Examples of one cluster are not independent: those of one template, or of one contrast pair. */
  readonly cluster: number;
  /** The dataset's index of its contrast partner. */
  readonly partner: number | undefined;
  /** Its tokens as one string, to tell examples with the same tokens. */
  readonly tokens: string;
}

/**
 * Draws up to `count` examples of a split, contrast partners together.
 *
 * @throws InputError where the split has no examples.
 */
export function drawDataset(task: Task, model: Model, options: { split: Split; count: number; seed: Seed }): Dataset {
  const { split, count, seed } = options;
  const units = pairUnits(task, split);
  if (units.length === 0) {
    throw new InputError({ what: `the task has no ${split} examples`, where: task.name });
  }
  const chosen: number[] = [];
  for (const unit of randomStream(seed, "scrubbing/examples").shuffle(units)) {
    if (chosen.length + unit.length <= count) chosen.push(...unit);
  }
  chosen.sort((a, b) => a - b);
  const place = new Map(chosen.map((taskIndex, index) => [taskIndex, index]));
  const templates = new Set(chosen.map((taskIndex) => task.examples[taskIndex]!.template));
  // Too few templates give no interval: contrast pairs are the clusters then.
  const byTemplate = templates.size >= FEWEST_CLUSTERS;
  const clusterNames = new Map<string, number>();
  const examples = chosen.map((taskIndex, index): DatasetExample => {
    const example = task.examples[taskIndex]!;
    const name = byTemplate ? example.template : String(Math.min(taskIndex, example.pair ?? taskIndex));
    if (!clusterNames.has(name)) clusterNames.set(name, clusterNames.size);
    return {
      ...example,
      index,
      taskIndex,
      answers: [...answerSet(task, example)].sort((a, b) => a - b),
      cluster: clusterNames.get(name)!,
      partner: example.pair === undefined ? undefined : place.get(example.pair),
      tokens: example.ids.join(),
    };
  });
  const positionMatched = model.config.positions !== "none";
  return { task, examples, clusters: clusterNames.size, positionMatched };
}

/** Contrast pairs, and the examples that have no partner, as lists of task indices. */
function pairUnits(task: Task, split: Split): number[][] {
  const units: number[][] = [];
  task.examples.forEach((example, i) => {
    if (!mayBeDrawn(task, example, split)) return;
    const partner = example.pair;
    const mutual = partner !== undefined && partner !== i && task.examples[partner]?.pair === i;
    if (!mutual || !mayBeDrawn(task, task.examples[partner]!, split)) units.push([i]);
    else if (i < partner) units.push([i, partner]);
  });
  return units;
}

/** Whether an example is of the split and has every feature: a hypothesis file may define some that it has no value of. */
function mayBeDrawn(task: Task, example: Example, split: Split): boolean {
  return example.split === split && task.features.every(({ name }) => Object.hasOwn(example.features, name));
}

/** The value of a feature that every example has. */
export function featureOf(example: Example, feature: string): FeatureValue {
  const value = example.features[feature];
  if (value === undefined) throw new InputError({ what: `an example has no feature "${feature}"` });
  return value;
}

/** The features other than `feature` that are not nuisances: what an NE donor must share. */
export function otherFeatures(task: Task, feature: string): string[] {
  return task.features.filter(({ name, nuisance }) => name !== feature && !nuisance).map(({ name }) => name);
}
