import type { FeatureValue } from "@filigree/tasks";
import type { Dataset, DatasetExample } from "./dataset.ts";

/** A subset of swaps that can be told from the prompts alone: from indices into the dataset's examples. */
export interface Condition {
  /** In words, for the reader: `the donor's quote type is single`. */
  readonly text: string;
  holds(reference: number, donor: number): boolean;
}

/** What can be seen of an example without the model. */
interface Trait {
  readonly name: string;
  of(example: DatasetExample): FeatureValue | undefined;
}

/** A trait of more values than this is cut in two where its values are numbers, and else left out. */
const MOST_VALUES = 12;

/**
 * The conditions by which an adversary may pick swaps: what the features say of reference and donor, and whether they
 * agree; their template, their length, their tokens, and where and what their named positions are.
 */
export function observableConditions(dataset: Dataset, tokenText: TokenText): Condition[] {
  return [...traitConditions(dataset, tokenText), ...tokenConditions(dataset, tokenText)];
}

type TokenText = (id: number) => string;

function traitConditions(dataset: Dataset, tokenText: TokenText): Condition[] {
  return traitsOf(dataset, tokenText).flatMap((trait): Condition[] => {
    const shown = dataset.examples.map((example) => trait.of(example));
    const values = [...new Set(shown)].filter((value) => value !== undefined);
    if (values.length < 2) return [];
    const same: Condition[] = [true, false].map((equal) => ({
      text: `${trait.name} ${equal ? "is the same" : "differs"}`,
      holds: (x, y) => (shown[x] === shown[y]) === equal,
    }));
    return [
      ...same,
      ...valueTests(values).flatMap(({ text, test }) => onEither(`${trait.name} ${text}`, shown.map(test))),
    ];
  });
}

type Test = (value: FeatureValue | undefined) => boolean;

function valueTests(values: readonly FeatureValue[]): { text: string; test: Test }[] {
  if (values.length <= MOST_VALUES) {
    return values.map((value) => ({ text: `is ${JSON.stringify(value)}`, test: (other) => other === value }));
  }
  const numbers = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  if (numbers.length < values.length) return [];
  const middle = numbers[Math.floor(numbers.length / 2)]!;
  return [
    { text: `is below ${middle}`, test: (value) => (value as number) < middle },
    { text: `is at least ${middle}`, test: (value) => (value as number) >= middle },
  ];
}

/** @param holds whether it is true of each example */
function onEither(text: string, holds: readonly boolean[]): Condition[] {
  return [
    { text: `the reference's ${text}`, holds: (x) => holds[x]! },
    { text: `the donor's ${text}`, holds: (_, y) => holds[y]! },
  ];
}

function traitsOf({ task }: Dataset, tokenText: TokenText): Trait[] {
  return [
    ...task.features.map(({ name }): Trait => ({ name, of: (example) => example.features[name] })),
    { name: "template", of: (example) => example.template },
    { name: "length", of: (example) => example.ids.length },
    ...task.positionNames.flatMap((name): Trait[] => [
      { name: `index of ${name}`, of: (example) => example.positions[name] },
      { name: `token at ${name}`, of: ({ positions, ids }) => textAt(ids, positions[name], tokenText) },
    ]),
  ];
}

function textAt(ids: readonly number[], index: number | undefined, tokenText: TokenText): string | undefined {
  const id = index === undefined ? undefined : ids[index];
  return id === undefined ? undefined : tokenText(id);
}

/** Tokens that a fair share of the prompts hold and another does not. */
function tokenConditions({ examples }: Dataset, tokenText: TokenText): Condition[] {
  const holders = new Map<number, Set<DatasetExample>>();
  for (const example of examples) {
    for (const id of example.ids) {
      const set = holders.get(id);
      if (set) set.add(example);
      else holders.set(id, new Set([example]));
    }
  }
  return [...holders]
    .filter(([, { size }]) => size >= examples.length / 10 && size <= (9 * examples.length) / 10)
    .sort(([a], [b]) => a - b)
    .flatMap(([id, set]) => {
      const has = examples.map((example) => set.has(example));
      const token = JSON.stringify(tokenText(id));
      return [
        ...onEither(`prompt has the token ${token}`, has),
        ...onEither(
          `prompt lacks the token ${token}`,
          has.map((held) => !held),
        ),
      ];
    });
}
