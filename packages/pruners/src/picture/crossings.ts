import type { PictureGraph } from "./picture-graph.ts";

/** How many pairs of edges between the same two rows cross. */
export function countCrossings({ nodes, edges }: PictureGraph, x: readonly number[]): number {
  const bands = new Map<string, { from: number; to: number }[]>();
  for (const { from, to } of edges) {
    const band = `${nodes[from]!.row} ${nodes[to]!.row}`;
    const line = { from: x[from]!, to: x[to]! };
    const lines = bands.get(band);
    if (lines) lines.push(line);
    else bands.set(band, [line]);
  }
  let crossings = 0;
  for (const lines of bands.values()) {
    lines.sort((a, b) => a.from - b.from || a.to - b.to);
    crossings += inversions(lines.map(({ to }) => to));
  }
  return crossings;
}

/** Pairs in which the earlier value is the larger one, by merging. */
function inversions(values: readonly number[]): number {
  let count = 0;
  const sorted = (some: readonly number[]): readonly number[] => {
    if (some.length < 2) return some;
    const half = some.length >> 1;
    const [left, right] = [sorted(some.slice(0, half)), sorted(some.slice(half))];
    const merged: number[] = [];
    let [l, r] = [0, 0];
    while (l < left.length || r < right.length) {
      if (r === right.length || (l < left.length && left[l]! <= right[r]!)) merged.push(left[l++]!);
      else {
        count += left.length - l;
        merged.push(right[r++]!);
      }
    }
    return merged;
  };
  sorted(values);
  return count;
}
