import type { Model } from "@filigree/core";
import { InputError } from "@filigree/sites";
import type { TaskSummary } from "@filigree/tasks";
import { taskOf } from "./task-of.ts";
import { withModel } from "./with-model.ts";

/** A task as one model's vocabulary sees it. */
export interface TaskInVocabulary {
  /** Number of examples of each split. */
  readonly examples: { readonly dev: number; readonly test: number };
  /** The tokens of the first test prompt, and those among which the answer is chosen. */
  readonly tokens: readonly string[];
  readonly answers: readonly string[];
}

export interface ListedTask extends TaskSummary {
  /** Only where a model is given. */
  readonly inVocabulary?: TaskInVocabulary;
  /** Why the model's vocabulary cannot express the task. */
  readonly notInVocabulary?: string;
}

/** The built-in tasks; with a checkpoint directory, as its vocabulary sees them. */
export async function listTasksFor(directory: string | undefined): Promise<ListedTask[]> {
  const { listTasks } = await import("@filigree/tasks");
  if (directory === undefined) return listTasks();
  return withModel(directory, "wasm", async (model) =>
    Promise.all(listTasks().map(async (summary) => ({ ...summary, ...(await inVocabulary(summary.name, model)) }))),
  );
}

async function inVocabulary(name: string, model: Model) {
  try {
    const task = await taskOf(model, name);
    const size = (split: string) => task.examples.filter((example) => example.split === split).length;
    const first = task.examples.find((example) => example.split === "test") ?? task.examples[0]!;
    const token = (id: number) => model.tokenizer!.token(id);
    return {
      inVocabulary: {
        examples: { dev: size("dev"), test: size("test") },
        tokens: first.ids.map(token),
        answers: task.answers.map(token),
      },
    };
  } catch (error) {
    if (error instanceof InputError) return { notInVocabulary: error.what };
    throw error;
  }
}
