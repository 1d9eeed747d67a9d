import type { SparseRows } from "@filigree/kernels";

/** Some of a matrix's nonzeros. @param has told the number of a nonzero, row after row, and its place row · cols + column */
export function nonzerosWhere(
  { rows, cols, rowStarts, columns, values }: SparseRows,
  has: (nonzero: number, place: number) => boolean,
): SparseRows {
  const starts = new Int32Array(rows + 1);
  const kept = { columns: new Int32Array(values.length), values: new Float32Array(values.length) };
  let size = 0;
  for (let row = 0; row < rows; row++) {
    for (let j = rowStarts[row]!; j < rowStarts[row + 1]!; j++) {
      if (!has(j, row * cols + columns[j]!)) continue;
      kept.columns[size] = columns[j]!;
      kept.values[size++] = values[j]!;
    }
    starts[row + 1] = size;
  }
  return {
    rows,
    cols,
    rowStarts: starts,
    columns: kept.columns.subarray(0, size),
    values: kept.values.subarray(0, size),
  };
}
