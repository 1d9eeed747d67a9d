import * as tf from "@tensorflow/tfjs-core";
import {
  circuitCompiler,
  crossEntropy,
  maskOfNodes,
  nodeSites,
  randomStream,
  recordSites,
  runModel,
  seed,
} from "@filigree/core";
import { chooseCircuit } from "./choose-circuit.mjs";

/** The loss of a circuit at the last token of each row, with everything outside it mean-ablated. */
export function circuitPass(model, tokens, size) {
  const { config } = model;
  const matrices = new Map();
  const rows = (name) => {
    if (!matrices.has(name)) matrices.set(name, model.parameters.sparse(name).toCompressed());
    return matrices.get(name);
  };
  const nodes = chooseCircuit(config, rows, [5, 17], size, randomStream(seed(0), "bench/circuit"));
  matrices.clear();
  const compile = circuitCompiler(model);
  const [mask, means] = [maskOfNodes(config, nodes), firstRowMeans(model, tokens)];
  const { wholePass } = compile(mask, means);
  if (wholePass !== undefined) throw new Error(`The circuit's cone is not run: ${wholePass}.`);
  const { batch, seq } = tokens;
  const readout = Int32Array.from({ length: batch }, (_, row) => row * seq + seq - 1);
  return () => {
    tf.tidy(() => {
      const targets = tf.tensor1d(
        Int32Array.from({ length: batch }, (_, row) => (row % 2 ? 5 : 17)),
        "int32",
      );
      // A search measures each mask once: compiling it is part of the work.
      tf.mean(crossEntropy(compile(mask, means).logits(tokens, readout), targets)).dataSync();
    });
  };
}

/** The mean of every node over the first row's tokens. */
function firstRowMeans(model, { ids, seq }) {
  const seen = new Map();
  const first = { ids: ids.slice(0, seq), batch: 1, seq };
  runModel(model, first, { edit: recordSites(nodeSites(model.config), seen) }).dispose();
  const means = new Map();
  for (const [site, { channels, tokens, values }] of seen) {
    const mean = (channel) =>
      values.subarray(channel * tokens, (channel + 1) * tokens).reduce((sum, v) => sum + v, 0) / tokens;
    means.set(
      site,
      Float32Array.from({ length: channels }, (_, channel) => mean(channel)),
    );
  }
  return means;
}
