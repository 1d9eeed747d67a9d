import { resolve } from "node:path";
import { InputError } from "@filigree/core";
import { hashCorpus, holdOutEnds, readCorpus, splitCorpus, type CorpusFile } from "@filigree/tasks";
import type { DataConfig } from "./config.ts";

/** The texts of a run. */
export interface TrainingData {
  /** Texts to train on and texts that are kept out of training. */
  readonly texts: readonly CorpusFile[];
  /** How many texts were read: files, or lines of JSON Lines. */
  readonly count: number;
  /** sha256 over paths and contents. */
  readonly hash: string;
  /** Paths of files that are not UTF-8 text, and are left out. */
  readonly notUtf8: readonly string[];
}

/**
 * Reads what a configuration names. Of so few texts that none is held out by its path, the ends are held out.
 *
 * @param folders in the place of the configuration's
 * @param baseDirectory folder of the configuration, from which its own folders are resolved
 * @throws InputError where no folder is named, or one cannot be read as told.
 */
export function readTrainingData(
  { root, files: globs, text }: DataConfig,
  folders: readonly string[],
  baseDirectory: string,
): TrainingData {
  const roots = folders.length > 0 ? folders : root.map((folder) => resolve(baseDirectory, folder));
  if (roots.length === 0) {
    throw new InputError({ what: "no training data is named", hint: "give --data FOLDER, or data.root in the config" });
  }
  const { files, notUtf8 } = readCorpus({ roots, files: globs, textKey: text });
  const split = splitCorpus(files);
  const texts = split.some(({ heldOut }) => heldOut) ? split : holdOutEnds(files);
  return { texts, count: files.length, hash: hashCorpus(files), notUtf8 };
}
