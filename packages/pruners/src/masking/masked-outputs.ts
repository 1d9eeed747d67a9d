import { circuitCompiler, maskOfNodes, type CompiledCircuit, type Model, type NodeMask } from "@filigree/core";
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
  const outputs = examples.map(() => new Float32Array(outSize));
  const batches = batchExamples(examples, { causal, batchSize: BATCH_SIZE });
  const pass = passOf(model, circuit, ablation);
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

function passOf(model: Model, circuit: Circuit, ablation: Ablation): MaskedPass | CompiledCircuit {
  if (ablation.kind !== "resample" && circuit.edges === undefined) {
    // Only the cone is run, and nobody asks for single weights: there are hundreds of thousands.
    return compile(model, maskOfNodes(model.config, circuit.nodes), ablation.kind);
  }
  const graph = readGraph(model);
  const gates = gatesOf(model.config, graph, circuit);
  if (ablation.kind === "resample" || gates.edges) return new MaskedPass(model, graph, gates, ablation);
  return compile(model, gates.nodes, ablation.kind);
}

function compile(model: Model, nodes: NodeMask, kind: "mean" | "zero"): CompiledCircuit {
  return circuitCompiler(model)(nodes, constantFills(model, kind, nodes.keys()));
}
