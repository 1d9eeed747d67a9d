import { nodeId, siteAt } from "@filigree/core";

/**
 * A circuit to measure with: connected backwards from outputs through weights that are not zero, and spread over all
 * layers. Deterministic for a stream.
 *
 * @param {import("@filigree/core").ModelConfig} config
 * @param {(name: string) => import("@filigree/core").SparseRows} rows the nonzeros of a matrix, by parameter name
 * @param {readonly number[]} outputs which outputs the circuit is for
 * @param {number} size how many nodes
 * @param {import("@filigree/core").RandomStream} random
 * @returns {import("@filigree/core").NodeId[]}
 */
export function chooseCircuit(config, rows, outputs, size, random) {
  const { nLayer, nHead, dHead, dModel } = config;
  const inputs = (name, row) => {
    const { rowStarts, columns } = rows(name);
    return random.shuffle([...columns.subarray(rowStarts[row], rowStarts[row + 1])]);
  };
  const nodes = new Set();
  // Channels of the residual stream that something later reads.
  const read = new Set(outputs.flatMap((output) => inputs("lm_head.weight", output)));
  for (let left = 2 * nLayer; left > 0; left--) {
    const layer = (left - 1) >> 1;
    const h = `transformer.h.${layer}`;
    const full = nodes.size + Math.round((size - nodes.size) / left);
    const add = (kind, channel) => {
      if (nodes.size < full) nodes.add(nodeId(siteAt(layer, kind), channel));
    };
    const addInputs = (kind, matrix, row) => {
      for (const channel of inputs(matrix, row).slice(0, 2)) {
        add(kind, channel);
        if (channel < dModel) read.add(channel);
      }
    };
    for (const channel of random.shuffle([...read])) {
      if (nodes.size >= full) break;
      if (left % 2 === 0) {
        const neurons = inputs(`${h}.mlp.c_proj.weight`, channel).slice(0, 2);
        if (neurons.length === 0) continue;
        add("mlp.resid_delta", channel);
        for (const neuron of neurons) {
          add("mlp.post_act", neuron);
          addInputs("mlp.act_in", `${h}.mlp.c_fc.weight`, neuron);
        }
        continue;
      }
      const attn = `${h}.attn.c_attn.weight`;
      const a = nHead * dHead;
      const [value] = inputs(`${h}.attn.c_proj.weight`, channel);
      if (value === undefined) continue;
      add("attn.resid_delta", channel);
      add("attn.v", value);
      addInputs("attn.act_in", attn, 2 * a + value);
      const first = value - (value % dHead);
      const product = Array.from({ length: dHead }, (_, j) => first + j).find(
        (c) => inputs(attn, c).length > 0 && inputs(attn, a + c).length > 0,
      );
      if (product === undefined) continue;
      add("attn.q", product);
      add("attn.k", product);
      addInputs("attn.act_in", attn, product);
      addInputs("attn.act_in", attn, a + product);
    }
  }
  return [...nodes];
}
