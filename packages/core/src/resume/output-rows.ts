import * as tf from "@tensorflow/tfjs-core";
import { SparseMatrix } from "@filigree/kernels";
import type { ModelConfig } from "../config.ts";
import { unembed, type NormScales } from "../forward.ts";
import { Parameters, type ParameterStorage } from "../parameters.ts";
import type { Model } from "../model.ts";

/** The end of a model with few of its outputs: from the residual stream to their logits. It owns tensors. */
export class OutputRows {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #owned: readonly (SparseMatrix | tf.Tensor)[];
  readonly #outputs: Int32Array;

  /** @param outputs which outputs; each is computed as in a whole pass, to the bit */
  constructor({ config, parameters }: Model, outputs: Int32Array) {
    this.#config = config;
    this.#outputs = outputs;
    const bias = parameters.optional("final_logits_bias");
    const values = new Map<string, ParameterStorage>();
    const owned: (SparseMatrix | tf.Tensor)[] = [];
    const own = <T extends SparseMatrix | tf.Tensor>(name: string, value: T) => {
      owned.push(value);
      values.set(name, value);
    };
    own("lm_head.weight", someRows(parameters.sparse("lm_head.weight"), outputs));
    if (bias) own("final_logits_bias", tf.keep(tf.tidy(() => tf.gather(bias, tf.tensor1d(outputs, "int32")))));
    if (config.bigram) own("bigram_table", someColumns(parameters.sparse("bigram_table"), outputs));
    for (const name of ["transformer.ln_f.weight", "transformer.ln_f.bias"]) {
      const shared = parameters.optional(name);
      if (shared) values.set(name, shared);
    }
    this.#parameters = new Parameters(values);
    this.#owned = owned;
  }

  /** The logits [outputs] of each column of x [d, n]; `current` holds the n tokens' ids. */
  logits(x: tf.Tensor2D, current: Int32Array, norms?: NormScales): Float32Array[] {
    const logits = tf.tidy(() => unembed(this.#config, this.#parameters, x, current, norms));
    const values = logits.dataSync<"float32">();
    logits.dispose();
    const columns = current.length;
    return Array.from(current, (_, column) =>
      Float32Array.from(this.#outputs, (_, row) => values[row * columns + column]!),
    );
  }

  dispose(): void {
    for (const part of this.#owned) part.dispose();
  }
}

function someRows(matrix: SparseMatrix, rows: Int32Array): SparseMatrix {
  const { rowStarts, columns, values } = matrix.toCompressed();
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (starts[i + 1] = starts[i]! + rowStarts[row + 1]! - rowStarts[row]!));
  const kept = { columns: new Int32Array(starts[rows.length]!), values: new Float32Array(starts[rows.length]!) };
  rows.forEach((row, i) => {
    kept.columns.set(columns.subarray(rowStarts[row], rowStarts[row + 1]), starts[i]);
    kept.values.set(values.subarray(rowStarts[row], rowStarts[row + 1]), starts[i]);
  });
  return SparseMatrix.fromCompressed({ rows: rows.length, cols: matrix.cols, rowStarts: starts, ...kept });
}

function someColumns(matrix: SparseMatrix, chosen: Int32Array): SparseMatrix {
  const { rowStarts, columns, values } = matrix.toCompressed();
  const place = new Map([...chosen].map((column, i) => [column, i]));
  const starts = new Int32Array(matrix.rows + 1);
  const kept: { column: number; value: number }[] = [];
  for (let row = 0; row < matrix.rows; row++) {
    const here: typeof kept = [];
    for (let k = rowStarts[row]!; k < rowStarts[row + 1]!; k++) {
      const column = place.get(columns[k]!);
      if (column !== undefined) here.push({ column, value: values[k]! });
    }
    kept.push(...here.sort((a, b) => a.column - b.column));
    starts[row + 1] = kept.length;
  }
  return SparseMatrix.fromCompressed({
    rows: matrix.rows,
    cols: chosen.length,
    rowStarts: starts,
    columns: Int32Array.from(kept, ({ column }) => column),
    values: Float32Array.from(kept, ({ value }) => value),
  });
}
