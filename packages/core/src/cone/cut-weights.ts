import * as tf from "@tensorflow/tfjs-core";
import { linear, SparseMatrix, type SparseRows } from "@filigree/kernels";
import type { Project } from "../forward.ts";
import type { ParameterName, Parameters } from "../parameters.ts";
import type { HostWeights } from "./host-weights.ts";
import { nonzerosWhere } from "./nonzeros-where.ts";

/** What the cone reads of a model's parameters. */
export type WeightReader = Pick<HostWeights, "matrix" | "vector" | "positions">;

/** A weight matrix some of whose nonzeros are cut: these carry what their source shows ablated. */
export interface CutMatrix {
  /** [nonzeros], row after row: 0 where one is cut, 1 where it stays. */
  readonly kept: ArrayLike<number>;
  /** [cols]: what the channels that the matrix reads show ablated, at every token. */
  readonly fill: Float32Array;
}

/** Matrices with cuts, by their names without ".weight": `transformer.h.0.mlp.c_fc`. */
export type Cuts = ReadonlyMap<string, CutMatrix>;

/**
 * A model's weights with edges cut. As a cut edge carries a constant, so does each row: W · x becomes
 * (W ∘ kept) · x + (W ∘ (1 − kept)) · fill, and the second term joins the bias.
 */
export class CutWeights implements WeightReader {
  readonly #whole: HostWeights;
  readonly #matrices = new Map<string, SparseRows>();
  readonly #biases = new Map<string, Float32Array>();

  constructor(whole: HostWeights, cuts: Cuts) {
    this.#whole = whole;
    for (const [name, cut] of cuts) {
      const { matrix, bias } = cutMatrix(whole.matrix(`${name}.weight`), whole.vector(`${name}.bias`), cut);
      this.#matrices.set(`${name}.weight`, matrix);
      this.#biases.set(`${name}.bias`, bias);
    }
  }

  matrix(name: ParameterName): SparseRows {
    return this.#matrices.get(name) ?? this.#whole.matrix(name);
  }

  vector(name: ParameterName): Float32Array | undefined {
    return this.#biases.get(name) ?? this.#whole.vector(name);
  }

  positions(): Float32Array | undefined {
    return this.#whole.positions();
  }

  /** The model's products with the edges cut, for the whole pass; dispose what it owns. */
  projection(parameters: Parameters): { readonly project: Project; dispose(): void } {
    const owned = new Map(
      [...this.#matrices].map(([name, matrix]) => {
        const bias = this.#biases.get(name.replace(/weight$/u, "bias"))!;
        return [name, { weight: SparseMatrix.fromCompressed(matrix), bias: tf.keep(tf.tensor1d(bias)) }];
      }),
    );
    return {
      project: (x, name) => {
        const cut = owned.get(`${name}.weight`);
        if (cut) return linear(x, cut.weight, cut.bias);
        return linear(x, parameters.weight(`${name}.weight`), parameters.optional(`${name}.bias`));
      },
      dispose: () => {
        for (const { weight, bias } of owned.values()) {
          weight.dispose();
          bias.dispose();
        }
      },
    };
  }
}

function cutMatrix(
  whole: SparseRows,
  bias: Float32Array | undefined,
  { kept, fill }: CutMatrix,
): { readonly matrix: SparseRows; readonly bias: Float32Array } {
  const { rows, rowStarts, columns, values } = whole;
  const sums = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = bias ? bias[row]! : 0;
    for (let j = rowStarts[row]!; j < rowStarts[row + 1]!; j++) {
      if (kept[j] === 0) sum += values[j]! * fill[columns[j]!]!;
    }
    sums[row] = sum;
  }
  return { matrix: nonzerosWhere(whole, (j) => kept[j] !== 0), bias: sums };
}
