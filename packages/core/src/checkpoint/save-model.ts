import { join } from "node:path";
import { writeFileAtomically } from "../atomic-write.ts";
import { formatConfig, type ModelConfig } from "../config.ts";
import { formatModelCard, type ModelCard } from "./model-card.ts";
import { formatParameterFile, type ParameterFile } from "./parameter-file.ts";

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
  await writeFileAtomically(join(directory, "config.json"), formatConfig(config));
  if (tokenizer !== undefined) await writeFileAtomically(join(directory, "tokenizer.json"), tokenizer);
  if (card) await writeFileAtomically(join(directory, "model-card.json"), formatModelCard(card));
  await writeFileAtomically(join(directory, "model.safetensors"), formatParameterFile(config, checkpoint));
}
