import { randomStream, seed } from "@filigree/core";
import { BUILT_IN_TASKS } from "./built-in/tasks.ts";
import { textOf, type TaskDefinition } from "./define/definition.ts";
import { findTask } from "./find-task.ts";
import type { Feature, FeatureValue } from "./task.ts";

/** A prompt as text, before any vocabulary cuts it. */
export interface ShownPrompt {
  readonly prompt: string;
  /** What should follow, and what should not. */
  readonly answer: string;
  readonly foil: string;
  readonly features: Readonly<Record<string, FeatureValue>>;
}

/** A task, for showing. */
export interface TaskSummary {
  readonly name: string;
  readonly summary: string;
  readonly features: readonly Feature[];
  /** Names of its positions, beside `first`, `all` and indices. */
  readonly positions: readonly string[];
  readonly example: ShownPrompt;
}

/** The built-in tasks, in the paper's order. */
export function listTasks(): TaskSummary[] {
  return BUILT_IN_TASKS.map(summarise);
}

/**
 * A built-in task, by name, or one of your own, with some prompts: pairs of contrast partners from the test split, the
 * same every time.
 *
 * @throws InputError where there is no such task.
 */
export function showTask(
  task: string | TaskDefinition,
  pairs: number,
): TaskSummary & { readonly prompts: readonly (readonly ShownPrompt[])[] } {
  const definition = typeof task === "string" ? findTask(task) : task;
  return { ...summarise(definition), prompts: showPairs(definition, pairs) };
}

function summarise(definition: TaskDefinition): TaskSummary {
  const { name, summary, features, positions } = definition;
  const example = showPairs(definition, 1)[0]![0]!;
  return { name, summary, features, positions: [...positions, "last"], example };
}

function showPairs(definition: TaskDefinition, count: number): ShownPrompt[][] {
  const shown: ShownPrompt[][] = [];
  for (const source of definition.sources.filter(({ split }) => split === "test")) {
    for (const { drafts } of source.drafts(randomStream(seed(0), `tasks/${definition.name}/shown`))) {
      if (shown.length === count) return shown;
      shown.push(drafts.map(({ prompt, ...rest }) => ({ prompt: textOf(prompt), ...rest })));
    }
  }
  return shown;
}
