import { useBackend, type BackendName } from "@filigree/kernels";
import type { Model } from "../model.ts";
import { freezeParameters } from "../parameters.ts";
import type { CheckpointFiles } from "./checkpoint-files.ts";
import { readCheckpoint } from "./read-checkpoint.ts";

/**
 * Loads a checkpoint: `config.json`, `model.safetensors` and, where there is one, `tokenizer.json`; or, as
 * they are published, the files that {@link readCheckpoint} names. The caller frees the model with `disposeModel`.
 *
 * @param from a folder (in a browser: its URL, which may be relative to the page), or what opens the files by name
 * @param backend what to run on; all tensors of a process share one backend
 * @throws InputError for a missing, truncated or inconsistent file.
 */
export async function loadModel(from: string | CheckpointFiles, backend: BackendName = "wasm"): Promise<Model> {
  await useBackend(backend);
  const { config, values, means, tokenizer, hash, notes } = await readCheckpoint(from);
  return { config, parameters: freezeParameters(config, values), means, tokenizer, hash, notes };
}
