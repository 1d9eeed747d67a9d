import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  denseValues,
  formatConfig,
  InputError,
  parseConfig,
  parseParameterFile,
  parseTokenizer,
  trainBpe,
  type ModelConfig,
  type ParameterValues,
  type Tokenizer,
} from "@filigree/core";
import type { CorpusFile } from "@filigree/tasks";
import type { TrainingConfig } from "./config.ts";

/** What a run begins with. */
export interface StartingPoint {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** The text of `tokenizer.json`. */
  readonly tokenizerText: string;
  /** Weights of an earlier checkpoint; undefined: random ones. */
  readonly weights: ParameterValues | undefined;
  /** sha256 of the earlier checkpoint's parameters; empty where there is none. */
  readonly hash: string;
}

/** A tokenizer trained on the corpus and no weights, or both from the checkpoint that the configuration names. */
export async function startingPoint(
  run: TrainingConfig,
  files: readonly CorpusFile[],
  baseDirectory: string,
): Promise<StartingPoint> {
  const configFor = ({ vocabSize }: Tokenizer): ModelConfig => ({ ...run.model, vocabSize, outSize: vocabSize });
  if (run.start === undefined) {
    const texts = files.filter((file) => !file.heldOut).map((file) => file.text);
    const tokenizerText = trainBpe(texts, run.tokenizer);
    const tokenizer = parseTokenizer(tokenizerText, "the trained tokenizer");
    return { config: configFor(tokenizer), tokenizer, tokenizerText, weights: undefined, hash: "" };
  }
  const directory = resolve(baseDirectory, run.start);
  const read = async (name: string): Promise<Buffer> => {
    const path = join(directory, name);
    return readFile(path).catch((cause: unknown) => {
      throw new InputError({ what: "the file cannot be read", where: path, hint: "`start` names a checkpoint", cause });
    });
  };
  const tokenizerText = (await read("tokenizer.json")).toString();
  const tokenizer = parseTokenizer(tokenizerText, join(directory, "tokenizer.json"));
  const config = configFor(tokenizer);
  const stored = parseConfig((await read("config.json")).toString(), join(directory, "config.json"));
  if (formatConfig(stored) !== formatConfig(config)) {
    throw new InputError({
      what: "the checkpoint to start from has another model",
      where: directory,
      expected: "the same model, tokenizer size and context as in this configuration",
    });
  }
  const bytes = await read("model.safetensors");
  const { values } = await parseParameterFile(bytes, config, join(directory, "model.safetensors"));
  return {
    config,
    tokenizer,
    tokenizerText,
    weights: denseValues(values),
    hash: createHash("sha256").update(bytes).digest("hex"),
  };
}
