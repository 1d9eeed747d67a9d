import type { TokenBatch } from "../forward.ts";

/** The columns of a batch at one place of the pass: all tokens or, behind the last attention, those that are read. */
export interface Columns {
  readonly count: number;
  /** Those that the logits may depend on, ascending. */
  readonly used: Int32Array;
}

/** All tokens. In a causal model none matters that comes after the last one that is read of its sequence. */
export function tokenColumns({ batch, seq }: TokenBatch, readout: Int32Array, causal: boolean): Columns {
  const ends = new Int32Array(batch);
  for (const column of readout) {
    const sequence = Math.floor(column / seq);
    ends[sequence] = Math.max(ends[sequence]!, causal ? (column % seq) + 1 : seq);
  }
  const used = Int32Array.from({ length: batch * seq }, (_, column) => column);
  return { count: batch * seq, used: used.filter((column) => column % seq < ends[Math.floor(column / seq)]!) };
}

/** [channels, columns] → [columns, channels]. */
export function byColumns(values: Float32Array, columns: number): Float32Array {
  const channels = values.length / columns;
  const turned = new Float32Array(values.length);
  // Squares of this side stay in the first cache.
  const side = 16;
  for (let first = 0; first < channels; first += side) {
    const end = Math.min(channels, first + side);
    for (let t = 0; t < columns; t++) {
      for (let c = first; c < end; c++) turned[t * channels + c] = values[c * columns + t]!;
    }
  }
  return turned;
}

/** One channel of [channels, columns]: a view. */
export function channelOf(values: Float32Array, channel: number, columns: number): Float32Array {
  return values.subarray(channel * columns, (channel + 1) * columns);
}

/** Some columns of [channels, columns], in the order given. */
export function someColumns(values: Float32Array, columns: number, chosen: Int32Array): Float32Array {
  const channels = values.length / columns;
  const some = new Float32Array(channels * chosen.length);
  for (let c = 0; c < channels; c++) {
    for (let j = 0; j < chosen.length; j++) some[c * chosen.length + j] = values[c * columns + chosen[j]!]!;
  }
  return some;
}
