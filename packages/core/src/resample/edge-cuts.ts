import * as tf from "@tensorflow/tfjs-core";
import { add, linear, SparseMatrix, type SparseRows } from "@filigree/kernels";
import type { HostWeights } from "../cone/host-weights.ts";
import type { Project } from "../forward.ts";
import type { Parameters } from "../parameters.ts";

/**
 * Single weights that are cut, at places row · cols + column of their matrix, which is named without ".weight":
 * `transformer.h.0.attn.c_attn`. A cut edge carries what its source shows in the donor's run:
 * y = (W ∘ kept) · x + (W ∘ cut) · donated + b. What attention's c_proj multiplies is what heads mixed, the site attn.y.
 */
export type EdgeCuts = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * The model's products with edges cut, for the whole pass; dispose what it owns.
 *
 * @param donated what a matrix multiplies in the donors' run, [cols, columns of the pass there]
 */
export function donatedProjection(
  weights: HostWeights,
  parameters: Parameters,
  cuts: EdgeCuts,
  donated: (matrix: string) => Float32Array,
): { readonly project: Project; dispose(): void } {
  const split = new Map(
    [...cuts].map(([name, places]) => {
      const whole = weights.matrix(`${name}.weight`);
      const part = (isCut: boolean) => SparseMatrix.fromCompressed(partOf(whole, (at) => places.has(at) === isCut));
      return [name, { kept: part(false), cut: part(true) }];
    }),
  );
  return {
    project: (x, name) => {
      const bias = parameters.optional(`${name}.bias`);
      const matrix = split.get(name);
      if (!matrix) return linear(x, parameters.weight(`${name}.weight`), bias);
      return add(linear(x, matrix.kept, bias), linear(tf.tensor2d(donated(name), x.shape), matrix.cut));
    },
    dispose: () => {
      for (const { kept, cut } of split.values()) {
        kept.dispose();
        cut.dispose();
      }
    },
  };
}

/** The nonzeros at some places. */
function partOf({ rows, cols, rowStarts, columns, values }: SparseRows, has: (place: number) => boolean): SparseRows {
  const starts = new Int32Array(rows + 1);
  const part = { columns: new Int32Array(values.length), values: new Float32Array(values.length) };
  let size = 0;
  for (let row = 0; row < rows; row++) {
    for (let j = rowStarts[row]!; j < rowStarts[row + 1]!; j++) {
      if (!has(row * cols + columns[j]!)) continue;
      part.columns[size] = columns[j]!;
      part.values[size++] = values[j]!;
    }
    starts[row + 1] = size;
  }
  return {
    rows,
    cols,
    rowStarts: starts,
    columns: part.columns.subarray(0, size),
    values: part.values.subarray(0, size),
  };
}
