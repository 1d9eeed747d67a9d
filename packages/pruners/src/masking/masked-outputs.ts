import { runModel, type Model, type NodeMask } from "@filigree/core";
import { batchExamples, type Example } from "@filigree/tasks";
import { withMask } from "./mask-tensors.ts";

/** Small batches of similar length: little is filled up. */
const BATCH_SIZE = 32;

/**
 * The masked model's logits at the answer positions, [examples][outSize].
 *
 * @throws InputError where the model has no means to ablate with.
 */
export function maskedOutputs(model: Model, mask: NodeMask, examples: readonly Example[]): Float32Array[] {
  const { causal, outSize } = model.config;
  const outputs = examples.map(() => new Float32Array(outSize));
  withMask(mask, model.means, (tensors) => {
    for (const { batch, readout, indices } of batchExamples(examples, { causal, batchSize: BATCH_SIZE })) {
      const logits = runModel(model, batch, { edit: tensors.edit(), readout });
      const values = logits.dataSync<"float32">();
      logits.dispose();
      indices.forEach((index, column) => {
        const output = outputs[index]!;
        for (let id = 0; id < outSize; id++) output[id] = values[id * indices.length + column]!;
      });
    }
  });
  return outputs;
}
