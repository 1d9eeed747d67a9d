import type { BackendName, Model } from "@filigree/core";

/** A model that is loaded when it is first asked for, and kept until another is. */
export class LoadedModel {
  #loaded: { readonly model: Model; readonly directory: string; dispose(): void } | undefined;

  /** @throws InputError for a missing, truncated or inconsistent checkpoint. */
  async get(directory: string, backend: BackendName): Promise<Model> {
    if (this.#loaded?.directory !== directory) {
      this.dispose();
      const { disposeModel, loadModel } = await import("@filigree/core");
      const model = await loadModel(directory, backend);
      this.#loaded = { model, directory, dispose: () => disposeModel(model) };
    }
    return this.#loaded!.model;
  }

  dispose(): void {
    this.#loaded?.dispose();
    this.#loaded = undefined;
  }
}
