import { circuitCompiler, type Model } from "@filigree/core";
import { batchExamples, type Example } from "@filigree/tasks";
import { gatesOf, type Circuit } from "../circuit/circuit.ts";
import { readGraph } from "../circuit/model-graph.ts";
import { constantFills, type Ablation } from "./ablation.ts";
import { MaskedPass } from "./masked-pass.ts";

/** Small batches of similar length: little is filled up. */
const BATCH_SIZE = 32;

/**
 * The logits of a circuit at the answer positions, [examples][outSize], with everything outside it ablated.
 *
 * @throws InputError for a node or an edge that the model does not have, and where it has no means to ablate with
 */
export function maskedOutputs(
  model: Model,
  circuit: Circuit,
  examples: readonly Example[],
  ablation: Ablation,
): Float32Array[] {
  const { causal, outSize } = model.config;
  const graph = readGraph(model);
  const gates = gatesOf(model.config, graph, circuit);
  const outputs = examples.map(() => new Float32Array(outSize));
  const batches = batchExamples(examples, { causal, batchSize: BATCH_SIZE });
  const pass =
    ablation.kind === "resample" || gates.edges
      ? new MaskedPass(model, graph, gates, ablation)
      : circuitCompiler(model)(gates.nodes, constantFills(model, ablation.kind, gates.nodes.keys()));
  try {
    for (const batch of batches) {
      const logits = pass instanceof MaskedPass ? pass.logits(batch) : pass.logits(batch.batch, batch.readout);
      const values = logits.dataSync<"float32">();
      logits.dispose();
      batch.indices.forEach((index, column) => {
        const output = outputs[index]!;
        for (let id = 0; id < outSize; id++) output[id] = values[id * batch.indices.length + column]!;
      });
    }
  } finally {
    if (pass instanceof MaskedPass) pass.dispose();
  }
  return outputs;
}
