import { sha256 } from "#platform/sha256";
import { InputError, JsonValue } from "@filigree/sites";
import { formatConfig, parseConfig, parseForeignConfig, type ForeignConfig, type ModelConfig } from "../config.ts";
import { parseTokenizer, tokenizerFromVocabulary, type Tokenizer } from "../tokenizer/index.ts";
import type { Sha256 } from "../platform/sha256.ts";
import type { ByteSource } from "./byte-source.ts";
import { folderFiles, readText, type CheckpointFiles } from "./checkpoint-files.ts";
import { knownTensors } from "./foreign-tensors.ts";
import { reading } from "./open-file.ts";
import {
  PARAMETER_FILE_FORMAT,
  parameterFileParts,
  readParameters,
  type ParameterFile,
  type ReadProgress,
} from "./parameter-file.ts";
import { openSafetensors } from "./safetensors.ts";
import { PIECE_BYTES } from "./tensor-file.ts";
import { openTorchTensors } from "./torch/read-torch-file.ts";

/** What a checkpoint directory holds, outside any backend. */
export interface StoredCheckpoint extends ParameterFile {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer | undefined;
  /** The text of `tokenizer.json`; made from `encoder.json` and `vocab.bpe` where those lie in its place. */
  readonly tokenizerText: string | undefined;
  /** sha256 over the config and the parameters as our own files hold them, in hexadecimal: names the model. */
  readonly hash: string;
  /** What was passed over, one sentence each. */
  readonly notes: readonly string[];
}

/** Keys of a `config.json` of the Hugging Face libraries. */
const HUGGING_FACE_KEYS = ["architectures", "auto_map", "model_type", "transformers_version", "torch_dtype"];

/** Pairs of files with a tokenizer's vocabulary and merges: OpenAI's names, then those of Hugging Face. */
const VOCABULARY_FILES = [
  ["encoder.json", "vocab.bpe"],
  ["vocab.json", "merges.txt"],
] as const;

/**
 * Reads a checkpoint's files: `config.json` and `model.safetensors`, ours or of the Hugging Face libraries, or
 * OpenAI's `beeg_config.json` and `final_model.pt`; and a tokenizer, where there is one. Matrices of few nonzeros are
 * compressed as they are read.
 *
 * @param from a folder (in a browser: its URL), or what opens the files by name
 * @throws InputError for a missing, truncated or inconsistent file.
 */
export async function readCheckpoint(
  from: string | CheckpointFiles,
  onProgress?: ReadProgress,
): Promise<StoredCheckpoint> {
  const files = typeof from === "string" ? folderFiles(from) : from;
  const ours = await readText(files, "config.json");
  const published = ours ? undefined : await readText(files, "beeg_config.json");
  const configFile = ours ?? published;
  if (!configFile) throw missing(files, "config.json");
  const { config, notes } = readConfig(configFile.text, configFile.where, published !== undefined);
  const parameterFile = published ? "final_model.pt" : "model.safetensors";
  const file = await files.open(parameterFile);
  if (!file) throw missing(files, parameterFile);
  const readFrom = published ? readTorch : readSafetensors;
  const { hash, ...parameters } = await reading(file, (source) => readFrom(source, config, onProgress));
  return { config, ...parameters, ...(await readTokenizer(files, config)), hash: hash.hex(), notes };
}

function readConfig(text: string, where: string, published: boolean): ForeignConfig {
  const keys = new Set(
    JsonValue.parse(text, where)
      .entries()
      .map(([key]) => key),
  );
  const foreign = published || HUGGING_FACE_KEYS.some((key) => keys.has(key));
  return foreign ? parseForeignConfig(text, where) : { config: parseConfig(text, where), notes: [] };
}

type HashedParameters = ParameterFile & { readonly hash: Sha256 };

/** A file of ours is named by its bytes. */
async function readSafetensors(
  file: ByteSource,
  config: ModelConfig,
  onProgress?: ReadProgress,
): Promise<HashedParameters> {
  const tensors = await openSafetensors(file);
  if (tensors.metadata["format"] !== PARAMETER_FILE_FORMAT) {
    return hashed(config, await readParameters(await knownTensors(tensors, config), config, onProgress));
  }
  const parameters = await readParameters(tensors, config, onProgress);
  const hash = sha256().update(formatConfig(config));
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, file.size));
  for (let at = 0; at < file.size; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, file.size - at));
    await file.read(at, piece);
    hash.update(piece);
  }
  return { ...parameters, hash };
}

async function readTorch(file: ByteSource, config: ModelConfig, onProgress?: ReadProgress): Promise<HashedParameters> {
  const tensors = await knownTensors(await openTorchTensors(file), config);
  return hashed(config, await readParameters(tensors, config, onProgress));
}

/** A file of others is named by the bytes that ours would have: converting a model does not change its name. */
function hashed(config: ModelConfig, parameters: ParameterFile): HashedParameters {
  const hash = sha256().update(formatConfig(config));
  for (const part of parameterFileParts(config, parameters)) hash.update(part);
  return { ...parameters, hash };
}

async function readTokenizer(
  files: CheckpointFiles,
  config: ModelConfig,
): Promise<Pick<StoredCheckpoint, "tokenizer" | "tokenizerText">> {
  const file = await readTokenizerText(files);
  if (!file) return { tokenizer: undefined, tokenizerText: undefined };
  const { text, where } = file;
  const tokenizer = parseTokenizer(text, where);
  if (tokenizer.vocabSize <= config.vocabSize) return { tokenizer, tokenizerText: text };
  const what = `it has ${tokenizer.vocabSize} tokens`;
  throw new InputError({ what, where, expected: `at most the model's vocabulary of ${config.vocabSize}` });
}

async function readTokenizerText(files: CheckpointFiles): Promise<{ text: string; where: string } | undefined> {
  const file = await readText(files, "tokenizer.json");
  if (file) return file;
  for (const [vocabularyFile, mergesFile] of VOCABULARY_FILES) {
    const [vocabulary, merges] = [await readText(files, vocabularyFile), await readText(files, mergesFile)];
    if (!vocabulary || !merges) continue;
    const { text, where } = vocabulary;
    return { text: tokenizerFromVocabulary({ vocabulary: text, merges: merges.text }, where), where };
  }
  return undefined;
}

function missing(files: CheckpointFiles, file: string): InputError {
  return new InputError({
    what: `there is no ${file}`,
    where: files.where,
    expected:
      "a checkpoint directory with config.json and model.safetensors, or OpenAI's beeg_config.json and final_model.pt",
  });
}
