import type { SparseRows } from "@filigree/kernels";
import type { HostWeights } from "../cone/host-weights.ts";
import type { Block } from "../cone/linear-rows.ts";

/** A block of rows of W · x + b, with the nonzeros by rows and by columns. */
export interface Product {
  /** Of the matrix and the first row. */
  readonly name: string;
  /** Which row of the matrix the block begins with. */
  readonly first: number;
  readonly rows: SparseRows;
  readonly columns: ColumnLists;
  readonly bias: Float32Array | undefined;
}

/** Which rows of the block each column feeds, and by which weight. */
interface ColumnLists {
  /** [cols + 1]: where each column begins, and where the last one ends. */
  readonly starts: Int32Array;
  /** [nonzeros], ascending in each column. */
  readonly rows: Int32Array;
  readonly weights: Float32Array;
}

/** The products of a model by the names of their matrices, such as "transformer.h.0.attn.c_attn"; read when first asked for. */
export function productsOf(weights: HostWeights): (matrix: string, block: Block) => Product {
  const known = new Map<string, Product>();
  return (matrix, block) => {
    const name = `${matrix} ${block.first}`;
    let product = known.get(name);
    if (!product) {
      const rows = rowsOf(weights.matrix(`${matrix}.weight`), block);
      const bias = weights.vector(`${matrix}.bias`)?.subarray(block.first, block.first + block.count);
      known.set(name, (product = { name, first: block.first, rows, columns: columnLists(rows), bias }));
    }
    return product;
  };
}

function rowsOf({ cols, rowStarts, columns, values }: SparseRows, { first, count }: Block): SparseRows {
  const [start, end] = [rowStarts[first]!, rowStarts[first + count]!];
  return {
    rows: count,
    cols,
    rowStarts: rowStarts.slice(first, first + count + 1).map((at) => at - start),
    columns: columns.slice(start, end),
    values: values.slice(start, end),
  };
}

function columnLists({ rows, cols, rowStarts, columns, values }: SparseRows): ColumnLists {
  const starts = new Int32Array(cols + 1);
  for (const column of columns) starts[column + 1]!++;
  for (let c = 0; c < cols; c++) starts[c + 1]! += starts[c]!;
  const next = starts.slice();
  const lists = { starts, rows: new Int32Array(columns.length), weights: new Float32Array(columns.length) };
  for (let row = 0; row < rows; row++) {
    for (let j = rowStarts[row]!; j < rowStarts[row + 1]!; j++) {
      const at = next[columns[j]!]!++;
      lists.rows[at] = row;
      lists.weights[at] = values[j]!;
    }
  }
  return lists;
}
