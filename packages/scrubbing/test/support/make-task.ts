import { randomStream, seed } from "@filigree/core";
import type { Example, Feature, Task } from "@filigree/tasks";

/** An example, with what most tests do not care about left out. */
export type ExampleDraft = Pick<Example, "ids" | "answer" | "features"> & Partial<Example>;

/** A task of examples at hand. Answers are read at the last token; an example with a partner shares its template. */
export function makeTask(
  answers: readonly number[],
  features: readonly (Feature | string)[],
  drafts: readonly ExampleDraft[],
): Task {
  const examples = drafts.map((draft, i): Example => {
    const last = draft.ids.length - 1;
    const foil = answers.length === 2 ? answers.find((answer) => answer !== draft.answer) : undefined;
    return {
      position: last,
      template: `example ${Math.min(i, draft.pair ?? i)}`,
      split: "test",
      ...(foil !== undefined && { foil }),
      ...draft,
      positions: { ...draft.positions, last },
    };
  });
  return {
    name: "test task",
    answers,
    numeric: false,
    features: features.map((one) => (typeof one === "string" ? { name: one, nuisance: false } : one)),
    positionNames: [...new Set(examples.flatMap(({ positions }) => Object.keys(positions)))],
    examples,
    hash: "data",
  };
}

/** All sequences of `length` symbols. */
export function sequences<T>(symbols: readonly T[], length: number): T[][] {
  if (length === 0) return [[]];
  return sequences(symbols, length - 1).flatMap((head) => symbols.map((symbol) => [...head, symbol]));
}

/** Some of a list, the same ones every time. */
export function some<T>(items: readonly T[], count: number, name: string): T[] {
  return randomStream(seed(7), `test/${name}`).sample(items, count);
}
