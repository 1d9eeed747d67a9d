import { requireEmpty, writeFolderAtomically } from "#platform/new-folder";
import { folderFiles, readText } from "./checkpoint-files.ts";
import { parseModelCard } from "./model-card.ts";
import { roundToHalves } from "./half-precision.ts";
import type { ReadProgress } from "./parameter-file.ts";
import { readCheckpoint, type StoredCheckpoint } from "./read-checkpoint.ts";
import { saveModel } from "./save-model.ts";

export interface ConvertOptions {
  /** Whether weights are rounded to float16; false where left out. */
  readonly halves?: boolean;
  readonly onProgress?: ReadProgress | undefined;
}

/**
 * Writes any checkpoint directory that can be read as one of ours: matrices compressed, the tokenizer and the model
 * card carried along. The model keeps its hash, unless its weights are rounded. `to` appears whole or not at all.
 *
 * @param to a directory that does not exist, or is empty
 * @throws InputError for a source that cannot be read, and for a `to` that holds something.
 */
export async function convertCheckpoint(
  from: string,
  to: string,
  { halves = false, onProgress }: ConvertOptions = {},
): Promise<StoredCheckpoint> {
  await requireEmpty(to);
  const read = await readCheckpoint(from, onProgress);
  const checkpoint = halves ? { ...read, values: roundToHalves(read.config, read.values, from) } : read;
  const cardFile = await readText(folderFiles(from), "model-card.json");
  const card = cardFile && parseModelCard(cardFile.text, cardFile.where);
  await writeFolderAtomically(to, (temporary) =>
    saveModel(temporary, { ...checkpoint, tokenizer: checkpoint.tokenizerText, card }),
  );
  return halves ? readCheckpoint(to) : checkpoint;
}
