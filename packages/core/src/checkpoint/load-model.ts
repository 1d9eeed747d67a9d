import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "@filigree/sites";
import { useBackend, type BackendName } from "@filigree/kernels";
import { formatConfig, parseConfig, type ModelConfig } from "../config.ts";
import type { Model } from "../model.ts";
import { freezeParameters } from "../parameters.ts";
import { parseTokenizer, type Tokenizer } from "../tokenizer/index.ts";
import { parseParameterFile } from "./parameter-file.ts";

/**
 * Loads a checkpoint directory: `config.json`, `model.safetensors` and, where there is one, `tokenizer.json`.
 * The caller frees the model with `disposeModel`.
 *
 * @param backend what to run on; all tensors of a process share one backend
 * @throws InputError for a missing, truncated or inconsistent file.
 */
export async function loadModel(directory: string, backend: BackendName = "wasm"): Promise<Model> {
  await useBackend(backend);
  const configText = decode(await need(directory, "config.json"));
  const config = parseConfig(configText, join(directory, "config.json"));
  const bytes = await need(directory, "model.safetensors");
  const { values, means } = parseParameterFile(bytes, config, join(directory, "model.safetensors"));
  const tokenizer = await readTokenizer(directory, config);
  return {
    config,
    parameters: freezeParameters(config, values),
    means,
    tokenizer,
    hash: createHash("sha256").update(formatConfig(config)).update(bytes).digest("hex"),
  };
}

async function readTokenizer(directory: string, config: ModelConfig): Promise<Tokenizer | undefined> {
  const where = join(directory, "tokenizer.json");
  const bytes = await read(where);
  if (!bytes) return undefined;
  const tokenizer = parseTokenizer(decode(bytes), where);
  if (tokenizer.vocabSize <= config.vocabSize) return tokenizer;
  const what = `it has ${tokenizer.vocabSize} tokens`;
  throw new InputError({ what, where, expected: `at most the model's vocabulary of ${config.vocabSize}` });
}

async function need(directory: string, file: string): Promise<Uint8Array> {
  const bytes = await read(join(directory, file));
  if (bytes) return bytes;
  throw new InputError({
    what: `there is no ${file}`,
    where: directory,
    expected: "a checkpoint directory with config.json and model.safetensors",
  });
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new InputError({ what: `it cannot be read (${code})`, where: path, cause: error });
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
