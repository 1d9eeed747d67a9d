import * as tf from "@tensorflow/tfjs-core";
import { hasKernels } from "./wasm/module.ts";

/**
 * Which entries of a [rows, cols] matrix are trained: its members, whatever their values (0 among them). Immutable.
 * On the wasm backend the indices lie on its heap, by rows and by columns, and `dispose` frees them.
 */
export class SparsityPattern {
  readonly rows: number;
  readonly cols: number;
  /** How many entries are members. */
  readonly size: number;
  /** Row-major places `row · cols + column` of the members, ascending. */
  readonly places: Int32Array;
  /** Only on the wasm backend. */
  readonly indices: PatternIndices | undefined;

  /** @throws RangeError where a place is not in the matrix, or they do not ascend: kernels look up by address. */
  constructor(rows: number, cols: number, places: Int32Array) {
    this.rows = rows;
    this.cols = cols;
    this.size = places.length;
    this.places = places;
    const wrong = places.findIndex(
      (place, i) => place < 0 || place >= rows * cols || (i > 0 && places[i - 1]! >= place),
    );
    if (wrong >= 0) throw new RangeError(`The place ${places[wrong]} of a ${rows} × ${cols} matrix is out of order.`);
    if (hasKernels()) this.indices = patternIndices(this);
  }

  dispose(): void {
    if (this.indices) tf.dispose(Object.values(this.indices) as tf.Tensor[]);
  }
}

/** The members row after row and column after column, in int32 tensors. */
export interface PatternIndices {
  /** [rows + 1] */
  readonly rowStarts: tf.Tensor1D;
  /** [size], ascending in each row. */
  readonly columns: tf.Tensor1D;
  /** [cols + 1] */
  readonly columnStarts: tf.Tensor1D;
  /** [size], ascending in each column. */
  readonly rowsByColumn: tf.Tensor1D;
  /** [size]: where the members, taken column after column, stand row after row. */
  readonly order: tf.Tensor1D;
}

/** A matrix that trains at the members of a pattern and is zero elsewhere. `values` [size], row after row. */
export interface PatternedMatrix {
  readonly pattern: SparsityPattern;
  readonly values: tf.Tensor1D;
}

function patternIndices({ rows, cols, places, size }: SparsityPattern): PatternIndices {
  const rowStarts = new Int32Array(rows + 1);
  const columnStarts = new Int32Array(cols + 1);
  const columns = places.map((place) => place % cols);
  for (let k = 0; k < size; k++) {
    rowStarts[Math.floor(places[k]! / cols) + 1]!++;
    columnStarts[columns[k]! + 1]!++;
  }
  for (let r = 0; r < rows; r++) rowStarts[r + 1]! += rowStarts[r]!;
  for (let c = 0; c < cols; c++) columnStarts[c + 1]! += columnStarts[c]!;
  const rowsByColumn = new Int32Array(size);
  const order = new Int32Array(size);
  const next = columnStarts.slice();
  for (let k = 0; k < size; k++) {
    const at = next[columns[k]!]!++;
    rowsByColumn[at] = Math.floor(places[k]! / cols);
    order[at] = k;
  }
  const place = (indices: Int32Array) => tf.keep(tf.tensor1d(indices, "int32"));
  return {
    rowStarts: place(rowStarts),
    columns: place(columns),
    columnStarts: place(columnStarts),
    rowsByColumn: place(rowsByColumn),
    order: place(order),
  };
}
