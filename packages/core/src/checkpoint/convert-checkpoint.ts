import { requireEmpty, writeFolderAtomically } from "#platform/new-folder";
import { folderFiles, readText } from "./checkpoint-files.ts";
import { parseModelCard } from "./model-card.ts";
import type { ReadProgress } from "./parameter-file.ts";
import { readCheckpoint, type StoredCheckpoint } from "./read-checkpoint.ts";
import { saveModel } from "./save-model.ts";

/**
 * Writes any checkpoint directory that can be read as one of ours: matrices compressed, the tokenizer and the model
 * card carried along. The model keeps its hash. `to` appears whole or not at all.
 *
 * @param to a directory that does not exist, or is empty
 * @throws InputError for a source that cannot be read, and for a `to` that holds something.
 */
export async function convertCheckpoint(
  from: string,
  to: string,
  onProgress?: ReadProgress,
): Promise<StoredCheckpoint> {
  await requireEmpty(to);
  const checkpoint = await readCheckpoint(from, onProgress);
  const cardFile = await readText(folderFiles(from), "model-card.json");
  const card = cardFile && parseModelCard(cardFile.text, cardFile.where);
  await writeFolderAtomically(to, (temporary) =>
    saveModel(temporary, { ...checkpoint, tokenizer: checkpoint.tokenizerText, card }),
  );
  return checkpoint;
}
