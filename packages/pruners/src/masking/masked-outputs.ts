import { maskOfNodes, type Model } from "@filigree/core";
import { batchExamples, type Example } from "@filigree/tasks";
import { gatesOf, type Circuit } from "../circuit/circuit.ts";
import { readGraph } from "../circuit/model-graph.ts";
import type { Ablation } from "./ablation.ts";
import { CircuitPasses } from "./circuit-passes.ts";

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
  const outputs = examples.map(() => new Float32Array(outSize));
  const batches = batchExamples(examples, { causal, batchSize: BATCH_SIZE });
  // Where no edges are listed nobody asks for single weights: there are hundreds of thousands.
  const graph = circuit.edges && readGraph(model);
  const gates = graph ? gatesOf(model.config, graph, circuit) : { nodes: maskOfNodes(model.config, circuit.nodes) };
  const pass = new CircuitPasses(model, () => graph ?? readGraph(model), ablation).of(gates);
  try {
    for (const batch of batches) {
      const logits = pass.logits(batch);
      const values = logits.dataSync<"float32">();
      logits.dispose();
      batch.indices.forEach((index, column) => {
        const output = outputs[index]!;
        for (let id = 0; id < outSize; id++) output[id] = values[id * batch.indices.length + column]!;
      });
    }
  } finally {
    pass.dispose();
  }
  return outputs;
}
