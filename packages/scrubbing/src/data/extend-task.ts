import type { Model } from "@filigree/core";
import {
  evaluateExpression,
  findPosition,
  type ExpressionSubject,
  type FeatureDefinition,
  type Hypothesis,
  type TaskFeature,
  type TaskNames,
} from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";

/**
 * A task with what a hypothesis file adds to it. An example may lack a feature of the file: it keeps its place, so that
 * examples are called by the same index everywhere, and is never drawn.
 */
export interface ExtendedTask extends Task {
  /** Features of the file that some examples have no value of, with the number of examples that are left out for it. */
  readonly leftOut: readonly { readonly feature: string; readonly examples: number }[];
}

/**
 * Adds the features and positions that a hypothesis defines to every example of the task, and marks its nuisances.
 * Positions are bound in each example; an example that lacks one lacks it, as with the task's own. An example in which
 * a feature has no value (it needs a position that is not there, or divides by zero) is left out of every dataset.
 *
 * The hash stays that of the task's data. What the file adds is under the hash of the file.
 *
 * @param tokenText the text of one token, as the model's tokenizer gives it
 */
export function extendTask(
  task: Task,
  { features, positions, nuisances }: Pick<Hypothesis, "features" | "positions" | "nuisances">,
  tokenText: (id: number) => string,
): ExtendedTask {
  const marked = new Set(nuisances);
  const ownFeatures = features.map(({ name, nuisance, anchor }) => ({ name, nuisance, ...(anchor && { anchor }) }));
  const extended = {
    ...task,
    features: [
      ...task.features.map((feature) => ({ ...feature, nuisance: feature.nuisance || marked.has(feature.name) })),
      ...ownFeatures,
    ],
    positionNames: [...task.positionNames, ...positions.map(({ name }) => name)],
  };
  if (features.length === 0 && positions.length === 0) return { ...extended, leftOut: [] };
  const texts = new Map<number, string>();
  const textOf = (id: number): string => {
    const known = texts.get(id);
    if (known !== undefined) return known;
    const text = tokenText(id);
    texts.set(id, text);
    return text;
  };
  const leftOut = new Map<string, number>();
  const examples = task.examples.map((example) => {
    const { example: bound, missing } = bind(example, features, positions, example.ids.map(textOf));
    if (missing !== undefined) leftOut.set(missing, (leftOut.get(missing) ?? 0) + 1);
    return bound;
  });
  return { ...extended, examples, leftOut: [...leftOut].map(([feature, count]) => ({ feature, examples: count })) };
}

/** One example with its own positions and features; `missing` is the first feature that has no value in it. */
function bind(
  example: Example,
  features: readonly FeatureDefinition[],
  rules: Hypothesis["positions"],
  tokens: readonly string[],
): { example: Example; missing?: string } {
  const positions: Record<string, number> = { ...example.positions };
  const values: Record<string, number | boolean | string> = { ...example.features };
  const subject: ExpressionSubject = { tokens, features: values, positions };
  // Definitions come in an order in which each needs only earlier ones.
  for (const { name, rule } of rules) {
    const index = findPosition(rule, subject);
    if (index !== undefined) positions[name] = index;
  }
  const bound = { ...example, positions, features: values };
  for (const { name, expression } of features) {
    const value = evaluateExpression(expression, subject);
    if (value === undefined) return { example: bound, missing: name };
    values[name] = value;
  }
  return { example: bound };
}

/** The text of each token of a model. Where it has no tokenizer, a token is called by its id. */
export function tokenTexts({ tokenizer }: Pick<Model, "tokenizer">): (id: number) => string {
  return tokenizer === undefined ? String : (id) => tokenizer.token(id);
}

/** What the language knows of a task, the types of its features among it. */
export function taskNames({ features, positionNames, examples }: Task): TaskNames {
  const typed = features.map((feature): TaskFeature => {
    const values = examples.map(({ features: own }) => own[feature.name]);
    const types = new Set(values.map((value) => typeof value));
    if (types.size !== 1) return feature;
    if (types.has("boolean")) return { ...feature, type: "boolean" };
    if (types.has("string")) return { ...feature, type: "text" };
    return { ...feature, type: values.every(Number.isSafeInteger) ? "int" : "number" };
  });
  return { features: typed, positions: positionNames };
}

/** What a reader of verdicts must know: for which features examples were left out. */
export function leftOutNotes(task: Task | ExtendedTask): string[] {
  if (!("leftOut" in task)) return [];
  return task.leftOut.map(({ feature, examples }) => {
    const are = examples === 1 ? "is left out: it has" : "are left out: they have";
    return `${examples} of the task's examples ${are} no value of "${feature}"`;
  });
}
