import type { Channels } from "../cone/linear-rows.ts";
import { channelOf, type Columns } from "./columns.ts";
import type { Product } from "./products.ts";

/** Rows of W · x + b that differ from the donors', column by column. */
export interface ChangedRows {
  /** [used + 1]: where the rows of each used column begin, and where the last one's end. */
  readonly starts: Int32Array;
  readonly rows: Int32Array;
  readonly values: Float32Array;
}

/**
 * The rows of W · x + b that differ from the donors' because some inputs do.
 *
 * The wanted rows are summed anew: what a difference to the donors' sum would leave where the sum is nearly 0, a norm may
 * blow up. The others are needed for their ranks alone: they are the donors' rows plus weights times differences.
 *
 * @param changed what inputs show that may differ from the donors', [columns] each
 * @param donated what the donors' inputs show, [inputs, columns]
 * @param sums the donors' W · x + b, [columns, rows]
 * @param ranks whether the others are needed
 * @param cuts places row · cols + column of edges that are cut: to their rows, their inputs show what the donors' do
 */
export function changedRows(
  { first, rows: matrix, columns: lists, bias }: Product,
  changed: Channels,
  donated: Float32Array,
  sums: Float32Array,
  columns: Columns,
  wanted: readonly number[],
  ranks: boolean,
  cuts?: ReadonlySet<number>,
): ChangedRows {
  const { count, used } = columns;
  const height = matrix.rows;
  const inputs = [...changed.keys()].sort((a, b) => a - b).filter((c) => lists.starts[c]! < lists.starts[c + 1]!);
  const shown = inputs.map((c) => changed.get(c)!);
  const before = inputs.map((c) => channelOf(donated, c, count));
  // Which of the wanted rows a row is: −1 for the others.
  const wantedAt = new Int32Array(height).fill(-1);
  wanted.forEach((row, i) => (wantedAt[row] = i));
  const isCut = (row: number, input: number) => cuts !== undefined && cuts.has((first + row) * matrix.cols + input);
  const sources = wanted.map((row) => {
    return Array.from(matrix.columns.subarray(matrix.rowStarts[row], matrix.rowStarts[row + 1]), (input) => {
      return (isCut(row, input) ? undefined : changed.get(input)) ?? channelOf(donated, input, count);
    });
  });

  const starts = new Int32Array(used.length + 1);
  let rows = new Int32Array(4 * used.length + height);
  let values = new Float32Array(rows.length);
  const differences = new Float64Array(height);
  const lastSeen = new Int32Array(height).fill(-1);
  let found = 0;
  for (let u = 0; u < used.length; u++) {
    const t = used[u]!;
    if (found + height > rows.length) {
      rows = grown(rows, new Int32Array(2 * (found + height)));
      values = grown(values, new Float32Array(2 * (found + height)));
    }
    for (let i = 0; i < inputs.length; i++) {
      const difference = shown[i]![t]! - before[i]![t]!;
      if (difference === 0) continue;
      const end = lists.starts[inputs[i]! + 1]!;
      for (let j = lists.starts[inputs[i]!]!; j < end; j++) {
        const row = lists.rows[j]!;
        if ((!ranks && wantedAt[row]! < 0) || isCut(row, inputs[i]!)) continue;
        if (lastSeen[row] !== u) {
          lastSeen[row] = u;
          differences[row] = 0;
          rows[found++] = row;
        }
        differences[row]! += lists.weights[j]! * difference;
      }
    }
    for (let e = starts[u]!; e < found; e++) {
      const row = rows[e]!;
      const which = wantedAt[row]!;
      if (which < 0) {
        values[e] = sums[t * height + row]! + differences[row]!;
        continue;
      }
      const summands = sources[which]!;
      const start = matrix.rowStarts[row]!;
      let sum = bias ? bias[row]! : 0;
      for (let j = 0; j < summands.length; j++) sum += matrix.values[start + j]! * summands[j]![t]!;
      values[e] = sum;
    }
    starts[u + 1] = found;
  }
  return { starts, rows: rows.subarray(0, found), values: values.subarray(0, found) };
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
