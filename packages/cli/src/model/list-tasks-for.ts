import type { Model } from "@filigree/core";
import { InputError } from "@filigree/sites";
import type { ShownPrompt, TaskSummary } from "@filigree/tasks";
import { taskOf } from "./task-of.ts";
import { withModel } from "./with-model.ts";

/** A task as one model's vocabulary sees it. */
export interface TaskInVocabulary {
  /** Number of examples of each split. */
  readonly examples: { readonly dev: number; readonly test: number };
  /** The tokens of the first test prompt, and those of its answer and of the wrong one. */
  readonly tokens: readonly string[];
  readonly answer: string;
  readonly foil: string;
}

export interface ListedTask extends TaskSummary {
  /** Pairs of prompts, where a task was asked for by name. */
  readonly prompts?: readonly (readonly ShownPrompt[])[];
  /** Only where a model is given. */
  readonly inVocabulary?: TaskInVocabulary;
  /** Why the model's vocabulary cannot express the task. */
  readonly notInVocabulary?: string;
}

/** How many pairs of prompts are shown of one task. */
const PAIRS_SHOWN = 6;

/**
 * The built-in tasks, or the one that is named with some of its prompts; with a checkpoint directory, as its vocabulary
 * sees them.
 *
 * @throws InputError where there is no such task, and for a faulty checkpoint.
 */
export async function listTasksFor(name: string | undefined, directory: string | undefined): Promise<ListedTask[]> {
  const { listTasks, showTask } = await import("@filigree/tasks");
  const tasks: ListedTask[] = name === undefined ? listTasks() : [showTask(name, PAIRS_SHOWN)];
  if (directory === undefined) return tasks;
  return withModel(directory, "wasm", async (model) =>
    Promise.all(tasks.map(async (task) => ({ ...task, ...(await inVocabulary(task.name, model)) }))),
  );
}

async function inVocabulary(name: string, model: Model) {
  try {
    const task = await taskOf(model, name);
    const size = (split: string) => task.examples.filter((example) => example.split === split).length;
    const first = task.examples.find((example) => example.split === "test")!;
    const token = (id: number) => model.tokenizer!.token(id);
    return {
      inVocabulary: {
        examples: { dev: size("dev"), test: size("test") },
        tokens: first.ids.map(token),
        answer: token(first.answer),
        foil: token(first.foil!),
      },
    };
  } catch (error) {
    if (error instanceof InputError) return { notInVocabulary: error.what };
    throw error;
  }
}
