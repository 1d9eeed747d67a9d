import type { BackendName, Model } from "@filigree/core";

/**
 * Loads a checkpoint directory, works with the model, and frees it.
 *
 * @throws InputError for a missing, truncated or inconsistent checkpoint.
 */
export async function withModel<Result>(
  directory: string,
  backend: BackendName,
  work: (model: Model) => Promise<Result>,
): Promise<Result> {
  const { disposeModel, loadModel } = await import("@filigree/core");
  const model = await loadModel(directory, backend);
  try {
    return await work(model);
  } finally {
    disposeModel(model);
  }
}
