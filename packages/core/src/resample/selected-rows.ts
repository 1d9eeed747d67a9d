import type { Channels } from "../cone/linear-rows.ts";
import type { ChangedRows } from "./changed-rows.ts";
import { channelOf, type Columns } from "./columns.ts";
import { Ranks } from "./ranks.ts";

/**
 * The wanted rows after AbsTopK. Where no row of a column changed, they are what the donors show.
 *
 * @param changed rows after the activation function, if there is one
 * @param ranked what the donors' rows show before AbsTopK, [columns, rows]; it comes back as it was
 * @param donated what they show behind it, [rows, columns]
 * @returns the wanted rows that differ from the donors' somewhere, [columns] each
 */
export function selectedRows(
  changed: ChangedRows,
  ranked: Float32Array,
  donated: Float32Array,
  { count, used }: Columns,
  wanted: readonly number[],
  k: number,
): Channels {
  const { starts, rows, values } = changed;
  const height = ranked.length / count;
  const ranks = new Ranks(ranked, height, k);
  const before = wanted.map((row) => channelOf(donated, row, count));
  const after = before.map((shown) => shown.slice());
  const differs = wanted.map(() => false);
  for (let u = 0; u < used.length; u++) {
    const [start, end] = [starts[u]!, starts[u + 1]!];
    if (start === end) continue;
    const t = used[u]!;
    const first = t * height;
    swap(ranked, first, rows, values, start, end);
    ranks.turnTo(first);
    for (let w = 0; w < wanted.length; w++) {
      let value = ranked[first + wanted[w]!]!;
      if (value !== 0 && !ranks.isSelected(wanted[w]!)) value = 0;
      if (value === before[w]![t]!) continue;
      after[w]![t] = value;
      differs[w] = true;
    }
    swap(ranked, first, rows, values, start, end);
  }
  return new Map(wanted.flatMap((row, w) => (differs[w] ? [[row, after[w]!] as const] : [])));
}

/** Exchanges the changed rows of a column for those that stand there. Twice, it changes nothing. */
function swap(
  column: Float32Array,
  first: number,
  rows: Int32Array,
  values: Float32Array,
  start: number,
  end: number,
): void {
  for (let e = start; e < end; e++) {
    const at = first + rows[e]!;
    const standing = column[at]!;
    column[at] = values[e]!;
    values[e] = standing;
  }
}
