import { disposeModel, loadModel, seed, type BackendName, type Model } from "@filigree/core";
import { loadTask, type Task } from "@filigree/tasks";
import type { Competence } from "./competence.ts";
import type { Dataset } from "./data/dataset.ts";
import { CleanRuns } from "./engine/clean-runs.ts";

/**
 * What the checks of several files have in common, one after the other on one thread: the model, the task, what the model
 * shows undisturbed on equal examples, and whether it passes for competent where nothing should be found. One model is kept
 * at a time. No result depends on what is shared.
 */
export class SharedWork {
  #loaded: { readonly path: string; readonly backend: BackendName | undefined; readonly model: Model } | undefined;
  #task: { readonly key: string; readonly task: Task } | undefined;
  #clean: CleanRuns | undefined;
  readonly #competences = new Map<string, Promise<Competence>>();

  /** The model of a checkpoint directory. It is disposed of when another one is asked for, or with everything. */
  async model(path: string, backend: BackendName | undefined): Promise<Model> {
    if (this.#loaded?.path !== path || this.#loaded.backend !== backend) {
      this.dispose();
      this.#loaded = { path, backend, model: await loadModel(path, backend) };
    }
    return this.#loaded.model;
  }

  /**
   * A task of the model. @param reference its name, or a path from the folder
   *
   * @throws InputError where it cannot be read.
   */
  task({ config, tokenizer, hash }: Model, reference: string, folder: string): Task {
    const key = [hash, folder, reference].join("\n");
    if (this.#task?.key !== key) {
      const { vocabSize, outSize, blockSize } = config;
      // Built-in tasks are drawn by their own seed, so that a check's seed never changes which prompts there are.
      const options = { tokenizer, vocabSize, outSize, blockSize, baseDirectory: folder, seed: seed(0) };
      this.#task = { key, task: loadTask(reference, options) };
    }
    return this.#task.task;
  }

  /** The undisturbed runs of a dataset. Those of the last one serve it too, where the prompts are the same. */
  cleanRuns(model: Model, dataset: Dataset): CleanRuns {
    const last = this.#clean;
    const isSame = last?.model === model && examplesKey(last.dataset) === examplesKey(dataset);
    return (this.#clean = isSame ? last.with(dataset) : new CleanRuns(model, dataset));
  }

  /** Measures a competence once. @param name tells what is measured, beside the model and the prompts */
  competence(name: string, model: Model, dataset: Dataset, measure: () => Promise<Competence>): Promise<Competence> {
    const key = `${name} ${model.hash} ${examplesKey(dataset)}`;
    let known = this.#competences.get(key);
    if (!known) this.#competences.set(key, (known = measure()));
    return known;
  }

  /** Frees the model. */
  dispose(): void {
    if (this.#loaded) disposeModel(this.#loaded.model);
    this.#loaded = undefined;
    this.#task = undefined;
    this.#clean = undefined;
    this.#competences.clear();
  }
}

/** Equal for datasets of the same prompts with the same answers in the same clusters. */
function examplesKey({ examples }: Dataset): string {
  return examples
    .map(({ tokens, position, answer, answers, cluster }) =>
      [tokens, position, answer, answers.join(), cluster].join(";"),
    )
    .join("\n");
}
