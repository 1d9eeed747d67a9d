import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "./wasm/module.ts";

/** Above this share of nonzeros, skipping them costs more than it saves. */
export const DENSE_ABOVE = 0.5;

/** Compressed sparse rows on the wasm heap. */
export interface CompressedRows {
  readonly rowStarts: tf.Tensor1D;
  readonly columns: tf.Tensor1D;
  readonly values: tf.Tensor1D;
}

/** The nonzeros of a matrix row after row, outside any backend: what files hold. */
export interface SparseRows {
  readonly rows: number;
  readonly cols: number;
  /** [rows + 1]: where each row begins in `columns` and `values`, and where the last one ends. */
  readonly rowStarts: Int32Array;
  /** [nonzeros], ascending in each row. */
  readonly columns: Int32Array;
  /** [nonzeros], none of them 0. */
  readonly values: Float32Array;
}

/**
 * A frozen matrix of which only the nonzeros are kept: the weights of a model that is run rather than trained.
 * On the wasm backend they lie on its heap and `dispose` frees them. The portable backend keeps them in JavaScript and
 * makes the dense matrix for the length of a product.
 */
export class SparseMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly nonzeros: number;
  /** Only on the wasm backend, and where few entries are not zero. */
  readonly compressed: CompressedRows | undefined;
  /** All entries, only on the wasm backend and where most of them are not zero. */
  readonly dense: tf.Tensor2D | undefined;
  readonly #portable: SparseRows | undefined;
  #transposed: CompressedRows | undefined;

  private constructor(
    { rows, cols, nonzeros }: { readonly rows: number; readonly cols: number; readonly nonzeros: number },
    content:
      { readonly compressed: CompressedRows } | { readonly dense: tf.Tensor2D } | { readonly portable: SparseRows },
  ) {
    this.rows = rows;
    this.cols = cols;
    this.nonzeros = nonzeros;
    if ("compressed" in content) this.compressed = keepAll(content.compressed);
    else if ("dense" in content) this.dense = tf.keep(content.dense);
    else this.#portable = content.portable;
  }

  /** Copies the nonzeros of a [rows, cols] matrix; all of it, where there are many. */
  static fromDense(dense: tf.Tensor2D): SparseMatrix {
    const [rows, cols] = dense.shape;
    if (!hasKernels()) {
      const portable = sparseRows(dense.dataSync<"float32">(), rows, cols);
      return new SparseMatrix({ rows, cols, nonzeros: portable.values.length }, { portable });
    }
    const nonzeros = call("countNonzero", dense, dense.size);
    const content = nonzeros > DENSE_ABOVE * dense.size ? { dense: copyOf(dense) } : { compressed: compress(dense) };
    return new SparseMatrix({ rows, cols, nonzeros }, content);
  }

  /** The same from its nonzeros. Columns must lie below `cols`: kernels look up by address. */
  static fromCompressed(matrix: SparseRows): SparseMatrix {
    const { rows, cols } = matrix;
    const size = { rows, cols, nonzeros: matrix.values.length };
    if (!hasKernels()) return new SparseMatrix(size, { portable: matrix });
    if (size.nonzeros > DENSE_ABOVE * rows * cols) {
      return new SparseMatrix(size, { dense: tf.tensor2d(denseRows(matrix), [rows, cols], "float32") });
    }
    const rowStarts = tf.tensor1d(matrix.rowStarts, "int32");
    const columns = tf.tensor1d(matrix.columns, "int32");
    const values = tf.tensor1d(matrix.values, "float32");
    return new SparseMatrix(size, { compressed: { rowStarts, columns, values } });
  }

  /** The same matrix by columns, made once when a gradient first needs it. */
  get transposed(): CompressedRows {
    if (!this.compressed) throw new Error("This matrix is not compressed.");
    this.#transposed ??= keepAll(transposeCompressed(this.compressed, this.rows, this.cols));
    return this.#transposed;
  }

  /** The nonzeros, outside the backend. */
  toCompressed(): SparseRows {
    if (this.#portable) return this.#portable;
    if (this.dense) return sparseRows(this.dense.dataSync<"float32">(), this.rows, this.cols);
    const { rowStarts, columns, values } = this.compressed!;
    return {
      rows: this.rows,
      cols: this.cols,
      rowStarts: rowStarts.dataSync<"int32">(),
      columns: columns.dataSync<"int32">(),
      values: values.dataSync<"float32">(),
    };
  }

  /** The dense [rows, cols] matrix; the caller disposes it. */
  toDense(): tf.Tensor2D {
    if (this.dense) return copyOf(this.dense);
    return tf.tensor2d(denseRows(this.toCompressed()), [this.rows, this.cols], "float32");
  }

  dispose(): void {
    for (const part of [this.compressed, this.#transposed]) if (part) disposeCompressed(part);
    this.dense?.dispose();
  }
}

/** The nonzeros of row-major values. */
export function sparseRows(dense: Float32Array, rows: number, cols: number): SparseRows {
  let nonzeros = 0;
  for (let i = 0; i < dense.length; i++) if (dense[i] !== 0) nonzeros++;
  const rowStarts = new Int32Array(rows + 1);
  const columns = new Int32Array(nonzeros);
  const values = new Float32Array(nonzeros);
  let k = 0;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const value = dense[r * cols + c]!;
      if (value === 0) continue;
      columns[k] = c;
      values[k++] = value;
    }
    rowStarts[r + 1] = k;
  }
  return { rows, cols, rowStarts, columns, values };
}

/** The row-major values of a matrix, zeros and all. */
export function denseRows({ rows, cols, rowStarts, columns, values }: SparseRows): Float32Array {
  const dense = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let k = rowStarts[r]!; k < rowStarts[r + 1]!; k++) dense[r * cols + columns[k]!] = values[k]!;
  }
  return dense;
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

/** With memory of its own: a clone would change with weights that an optimiser changes in place. */
function copyOf(x: tf.Tensor2D): tf.Tensor2D {
  const y = output<tf.Rank.R2>(x.shape);
  call("copyValues", x, 0, x.size, y, 0);
  return y;
}

/** x [rows, cols] → [cols, rows]. tfjs's own takes about ten times as long. */
export function transpose(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, cols] = x.shape;
  const y = output<tf.Rank.R2>([cols, rows]);
  call("transpose", x, rows, cols, y);
  return y;
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
