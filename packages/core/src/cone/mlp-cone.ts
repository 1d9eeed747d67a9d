import * as tf from "@tensorflow/tfjs-core";
import { gelu, relu } from "@filigree/kernels";
import { selectedChannels, type ModelConfig } from "../config.ts";
import type { CircuitSite } from "./circuit-nodes.ts";
import type { WeightReader } from "./cut-weights.ts";
import { fixedRows, LinearRows, type Channels } from "./linear-rows.ts";
import { SelectedRows } from "./selected-rows.ts";

/** The MLP of a layer, as far as the circuit's writes to the residual stream depend on it. */
export class MlpCone {
  /** Channels of the entrance that are read. */
  readonly reads: readonly number[];
  readonly #neurons: SelectedRows;
  readonly #out: SelectedRows;

  constructor(
    config: ModelConfig,
    weights: WeightReader,
    layer: number,
    sites: { readonly actIn: CircuitSite; readonly postAct: CircuitSite; readonly out: CircuitSite },
  ) {
    const { actIn, postAct, out } = sites;
    const [fc, proj] = [`transformer.h.${layer}.mlp.c_fc`, `transformer.h.${layer}.mlp.c_proj`];
    const varies = (site: CircuitSite) => (channel: number) =>
      site.kept[channel] === 1 ? { input: channel, factor: 1 } : undefined;
    const part = (name: string, from: CircuitSite, count: number) => {
      const matrix = weights.matrix(`${name}.weight`);
      const block = { first: 0, count };
      return {
        rows: new LinearRows(matrix, block, varies(from)),
        fixed: fixedRows(matrix, block, weights.vector(`${name}.bias`), from.fixed),
      };
    };
    const outer = part(proj, postAct, out.width);
    this.#out = new SelectedRows(outer.rows, out.channels, selectedChannels(config, "mlp_out", out.width));
    this.#out.fix([outer.fixed]);
    const inner = part(fc, actIn, postAct.width);
    const activation = config.activation === "gelu" ? gelu : relu;
    const activate = (values: readonly Float32Array[]) => eachAtOnce(activation, values);
    this.#neurons = new SelectedRows(
      inner.rows,
      [...this.#out.inputs].sort((a, b) => a - b),
      selectedChannels(config, "mlp_neuron", postAct.width),
      activate,
    );
    this.#neurons.fix([inner.fixed]);
    this.reads = [...this.#neurons.inputs].sort((a, b) => a - b);
  }

  get cost(): number {
    return this.#neurons.cost + this.#out.cost;
  }

  /** What the circuit writes, by channel of the residual stream. */
  run(actIn: Channels, batch: number, seq: number): Channels {
    const groups = new Int32Array(batch * seq);
    return this.#out.run(this.#neurons.run(actIn, groups), groups);
  }
}

/** Applies an operation of the backend to the channels, so that they go through the same arithmetic as in the pass. */
function eachAtOnce(operation: (x: tf.Tensor2D) => tf.Tensor2D, values: readonly Float32Array[]): Float32Array[] {
  const columns = values[0]?.length ?? 0;
  if (columns === 0) return [...values];
  const all = new Float32Array(values.length * columns);
  values.forEach((channel, index) => all.set(channel, index * columns));
  const result = tf.tidy(() => operation(tf.tensor2d(all, [values.length, columns])));
  const applied = result.dataSync<"float32">();
  result.dispose();
  return values.map((_, index) => applied.subarray(index * columns, (index + 1) * columns));
}
