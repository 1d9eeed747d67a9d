import { writeFileAtomically } from "#platform/atomic-write";
import { formatConfig, type ModelConfig } from "../config.ts";
import { formatModelCard, type ModelCard } from "./model-card.ts";
import { parameterFileParts, type ParameterFile } from "./parameter-file.ts";

/** Everything that a checkpoint directory holds. */
export interface Checkpoint extends ParameterFile {
  readonly config: ModelConfig;
  /** The text of `tokenizer.json`. */
  readonly tokenizer?: string | undefined;
  readonly card?: ModelCard | undefined;
}

/** Writes a checkpoint directory, each file whole or not at all. `model.safetensors` comes last. */
export async function saveModel(directory: string, checkpoint: Checkpoint): Promise<void> {
  const { config, tokenizer, card } = checkpoint;
  await writeFileAtomically(`${directory}/config.json`, formatConfig(config));
  if (tokenizer !== undefined) await writeFileAtomically(`${directory}/tokenizer.json`, tokenizer);
  if (card) await writeFileAtomically(`${directory}/model-card.json`, formatModelCard(card));
  await writeFileAtomically(`${directory}/model.safetensors`, parameterFileParts(config, checkpoint));
}
