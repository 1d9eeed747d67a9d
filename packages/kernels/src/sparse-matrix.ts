import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "./wasm/module.ts";

/** Compressed sparse rows on the wasm heap. */
export interface CompressedRows {
  readonly rowStarts: tf.Tensor1D;
  readonly columns: tf.Tensor1D;
  readonly values: tf.Tensor1D;
}

/**
 * A frozen matrix of which only the nonzeros are kept: the weights of a model that is run rather than trained.
 * It owns its tensors; `dispose` frees them. The portable backend keeps the dense matrix instead.
 */
export class SparseMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly nonzeros: number;
  /** Only on the wasm backend. */
  readonly compressed: CompressedRows | undefined;
  readonly #dense: tf.Tensor2D | undefined;
  #transposed: CompressedRows | undefined;

  private constructor(
    rows: number,
    cols: number,
    nonzeros: number,
    compressed: CompressedRows | undefined,
    dense: tf.Tensor2D | undefined,
  ) {
    this.rows = rows;
    this.cols = cols;
    this.nonzeros = nonzeros;
    this.compressed = compressed;
    this.#dense = dense;
  }

  /** Copies the nonzeros of a [rows, cols] matrix. */
  static fromDense(dense: tf.Tensor2D): SparseMatrix {
    const [rows, cols] = dense.shape;
    if (!hasKernels()) {
      const nonzeros = dense.dataSync<"float32">().reduce((n, w) => n + (w === 0 ? 0 : 1), 0);
      return new SparseMatrix(rows, cols, nonzeros, undefined, tf.keep(tf.clone(dense)));
    }
    const compressed = keepAll(compress(dense));
    return new SparseMatrix(rows, cols, compressed.values.size, compressed, undefined);
  }

  /** The same matrix by columns, made once when a gradient first needs it. */
  get transposed(): CompressedRows {
    if (!this.compressed) throw new Error("Only the wasm backend compresses matrices.");
    this.#transposed ??= keepAll(transposeCompressed(this.compressed, this.rows, this.cols));
    return this.#transposed;
  }

  /** The dense [rows, cols] matrix; the caller disposes it. */
  toDense(): tf.Tensor2D {
    if (this.#dense) return tf.clone(this.#dense);
    const { rowStarts, columns, values } = this.compressed!;
    const starts = rowStarts.dataSync();
    const cols = columns.dataSync();
    const data = values.dataSync();
    const dense = new Float32Array(this.rows * this.cols);
    for (let r = 0; r < this.rows; r++) {
      for (let k = starts[r]!; k < starts[r + 1]!; k++) dense[r * this.cols + cols[k]!] = data[k]!;
    }
    return tf.tensor2d(dense, [this.rows, this.cols]);
  }

  dispose(): void {
    for (const part of [this.compressed, this.#transposed]) if (part) disposeCompressed(part);
    this.#dense?.dispose();
  }
}

/** Compresses a [rows, cols] matrix; the caller disposes the parts. */
export function compress(dense: tf.Tensor2D): CompressedRows {
  const [rows, cols] = dense.shape;
  const count = call("countNonzero", dense, rows * cols);
  const rowStarts = output<tf.Rank.R1>([rows + 1], "int32");
  const columns = output<tf.Rank.R1>([count], "int32");
  const values = output<tf.Rank.R1>([count]);
  call("compressRows", dense, rows, cols, rowStarts, columns, values);
  return { rowStarts, columns, values };
}

function transposeCompressed(m: CompressedRows, rows: number, cols: number): CompressedRows {
  const rowStarts = output<tf.Rank.R1>([cols + 2], "int32");
  const columns = output<tf.Rank.R1>([m.columns.size], "int32");
  const values = output<tf.Rank.R1>([m.values.size]);
  call("transposeCsr", m.rowStarts, m.columns, m.values, rows, cols, rowStarts, columns, values);
  return { rowStarts, columns, values };
}

export function disposeCompressed(m: CompressedRows): void {
  m.rowStarts.dispose();
  m.columns.dispose();
  m.values.dispose();
}

function keepAll(m: CompressedRows): CompressedRows {
  tf.keep(m.rowStarts);
  tf.keep(m.columns);
  tf.keep(m.values);
  return m;
}
