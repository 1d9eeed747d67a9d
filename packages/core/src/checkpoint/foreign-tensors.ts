import { InputError } from "@filigree/sites";
import type { ModelConfig } from "../config.ts";
import { readValues, type TensorFile } from "./tensor-file.ts";

const EMBEDDING = "transformer.wte.weight";
const UNEMBEDDING = "lm_head.weight";
/** Causal masks that models without fused attention keep among their buffers. */
const MASK = /^transformer\.h\.\d+\.attn\.(?:bias|masked_bias)$/u;

/**
 * The tensors of somebody else's file under OpenAI's names: a prefix that wrappers put before all of them is cut off,
 * causal masks are left out, and so is the second name of a tied embedding.
 *
 * @throws InputError where the config ties the embedding and the file holds two that differ.
 */
export async function knownTensors(file: TensorFile, config: ModelConfig): Promise<TensorFile> {
  const embedding = [...file.tensors.keys()].find((name) => name === EMBEDDING || name.endsWith(`.${EMBEDDING}`));
  const prefix = embedding?.slice(0, -EMBEDDING.length) ?? "";
  const tensors = new Map(
    [...file.tensors].map(([name, tensor]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor]),
  );
  for (const name of tensors.keys()) if (MASK.test(name)) tensors.delete(name);
  const [wte, head] = [tensors.get(EMBEDDING), tensors.get(UNEMBEDDING)];
  if (config.tiedUnembed && wte && head) {
    const [left, right] = [await readValues(wte), await readValues(head)];
    if (left.length !== right.length || left.some((value, i) => value !== right[i])) {
      const what = `"${UNEMBEDDING}" is not the same as "${EMBEDDING}"`;
      throw new InputError({ what, where: file.where, expected: `one matrix, or "tied_unembed": false in the config` });
    }
    tensors.delete(UNEMBEDDING);
  }
  return { ...file, tensors };
}
