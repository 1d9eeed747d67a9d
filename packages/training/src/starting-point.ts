import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  denseValues,
  formatConfig,
  InputError,
  parseConfig,
  parseParameterFile,
  parseTokenizer,
  sha256,
  trainBpe,
  type ModelConfig,
  type ParameterValues,
  type Tokenizer,
} from "@filigree/core";
import type { CorpusFile } from "@filigree/tasks";
import type { TrainingConfig } from "./config.ts";

/** Token ids of a corpus are kept in 16 bits. */
const MOST_TOKENS = 2 ** 16;
/** The table of pairs is counted in memory, four bytes each. */
const MOST_BIGRAM_TOKENS = 2 ** 13;

/** What a run begins with. */
export interface StartingPoint {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** The text of `tokenizer.json`. */
  readonly tokenizerText: string;
  /** sha256 of that text. */
  readonly tokenizerHash: string;
  /** Weights of an earlier checkpoint; undefined: random ones. */
  readonly weights: ParameterValues | undefined;
  /** sha256 of the earlier checkpoint's parameters; empty where there is none. */
  readonly hash: string;
}

/** Random weights and a tokenizer that is read or trained on the corpus, or both from an earlier checkpoint. */
export async function startingPoint(
  run: TrainingConfig,
  files: readonly CorpusFile[],
  baseDirectory: string,
): Promise<StartingPoint> {
  if (run.start !== undefined) return earlierCheckpoint(run, resolve(baseDirectory, run.start));
  if ("file" in run.tokenizer) {
    const path = resolve(baseDirectory, run.tokenizer.file);
    const text = (await read(path, "tokenizer.file names a tokenizer.json")).toString();
    return { ...withTokenizer(run, text, path), weights: undefined, hash: "" };
  }
  const texts = files.filter((file) => !file.heldOut).map((file) => file.text);
  const text = trainBpe(texts, run.tokenizer);
  return { ...withTokenizer(run, text, "the trained tokenizer"), weights: undefined, hash: "" };
}

async function earlierCheckpoint(run: TrainingConfig, directory: string): Promise<StartingPoint> {
  const part = (name: string) => read(join(directory, name), "`start` names a checkpoint");
  const tokenized = withTokenizer(run, (await part("tokenizer.json")).toString(), join(directory, "tokenizer.json"));
  const { config } = tokenized;
  const stored = parseConfig((await part("config.json")).toString(), join(directory, "config.json"));
  if (formatConfig(stored) !== formatConfig(config)) {
    throw new InputError({
      what: "the checkpoint to start from has another model",
      where: directory,
      expected: "the same model, tokenizer size and context as in this configuration",
    });
  }
  const bytes = await part("model.safetensors");
  const { values } = await parseParameterFile(bytes, config, join(directory, "model.safetensors"));
  return { ...tokenized, weights: denseValues(values), hash: sha256().update(bytes).hex() };
}

function withTokenizer(run: TrainingConfig, text: string, where: string): Omit<StartingPoint, "weights" | "hash"> {
  const tokenizer = parseTokenizer(text, where);
  const { vocabSize } = tokenizer;
  if (vocabSize > MOST_TOKENS) {
    throw new InputError({ what: `a vocabulary of ${vocabSize} tokens`, where, expected: `at most ${MOST_TOKENS}` });
  }
  if (run.model.bigram && vocabSize > MOST_BIGRAM_TOKENS) {
    throw new InputError({
      what: `a vocabulary of ${vocabSize} tokens is too large for a table of all their pairs`,
      where,
      expected: `at most ${MOST_BIGRAM_TOKENS} tokens`,
      hint: 'set "enable_bigram_table": false in the model, or take a smaller vocabulary',
    });
  }
  const config: ModelConfig = { ...run.model, vocabSize, outSize: vocabSize };
  return { config, tokenizer, tokenizerText: text, tokenizerHash: sha256().update(text).hex() };
}

async function read(path: string, hint: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new InputError({ what: "the file cannot be read", where: path, hint, cause });
  });
}
