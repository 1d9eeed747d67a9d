import type { Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";

/**
 * A task in a model's vocabulary. Paths of JSON Lines files are relative to the working directory.
 *
 * @param seed decides which prompts of a built-in task are drawn
 * @throws InputError where there is no such task or the vocabulary cannot express it.
 */
export async function taskOf(model: Model, reference: string, seed = 0): Promise<Task> {
  const core = await import("@filigree/core");
  const { loadTask } = await import("@filigree/tasks");
  const { vocabSize, outSize, blockSize } = model.config;
  return loadTask(reference, {
    tokenizer: model.tokenizer,
    vocabSize,
    outSize,
    blockSize,
    baseDirectory: process.cwd(),
    seed: core.seed(seed),
  });
}
