import * as tf from "@tensorflow/tfjs-core";
import { gatherColumns, overwrite } from "@filigree/kernels";
import type { SiteName } from "@filigree/sites";
import { areEqual } from "../equal-numbers.ts";
import type { KnownRuns } from "./known-runs.ts";
import type { ResumedBatch, ResumedRun } from "./resumed-batch.ts";
import type { Twin } from "./shared-rows.ts";

/**
 * Rows of a site that may differ from the known runs: column j of `values` [channels, rows] is the row `keys[j]`. All
 * other rows show what they show in the known run. A row is a token of a resumed run, numbered run · seq + token; where
 * runs begin alike, of the first of them.
 */
export interface Grid {
  readonly keys: Int32Array;
  readonly values: tf.Tensor2D;
}

/** Turns row numbers into runs and tokens, and reads rows of grids. */
export class RowSpace {
  readonly runs: readonly ResumedRun[];
  readonly known: KnownRuns;
  readonly seq: number;
  readonly #twins: ResumedBatch["twins"];

  constructor({ runs, twins, known }: ResumedBatch) {
    this.runs = runs;
    this.#twins = twins;
    this.known = known;
    this.seq = known.longest;
  }

  key(run: number, token: number): number {
    const twin = this.#twins[run];
    return twin && token < twin.before ? this.key(twin.run, token) : run * this.seq + token;
  }

  /** The run that shows this one's first rows; undefined where all are its own. */
  twin(run: number): Twin | undefined {
    return this.#twins[run];
  }

  runOf(key: number): number {
    return Math.floor(key / this.seq);
  }

  tokenOf(key: number): number {
    return key % this.seq;
  }

  length(run: number): number {
    return this.known.runs[this.runs[run]!.known]!.ids.length;
  }

  /** What a row shows in its known run. */
  knownColumn(site: SiteName, key: number): Float32Array {
    return this.known.column(this.runs[this.runOf(key)]!.known, site, this.tokenOf(key));
  }

  /** Where each row lies among a grid's columns: −1 where it is not there. */
  columnsOf(grid: Grid | undefined): Int32Array {
    const columns = new Int32Array(this.runs.length * this.seq).fill(-1);
    grid?.keys.forEach((key, column) => (columns[key] = column));
    return columns;
  }

  /** Rows of a site [channels, keys]: those of the grid, and where it lacks one, what the known run shows. */
  fetch(site: SiteName, grid: Grid | undefined, keys: Int32Array): tf.Tensor2D {
    if (grid && areEqual(grid.keys, keys)) return grid.values;
    const columns = this.columnsOf(grid);
    const missing: number[] = [];
    const chosen = keys.map((key) => {
      const column = columns[key]!;
      return column >= 0 ? column : ~(missing.push(key) - 1);
    });
    if (missing.length === 0) return gatherColumns(grid!.values, undefined, chosen);
    const [first] = missing;
    const channels = this.knownColumn(site, first!).length;
    const fill = new Float32Array(missing.length * channels);
    missing.forEach((key, i) => fill.set(this.knownColumn(site, key), i * channels));
    return tf.tidy(() => gatherColumns(grid?.values, tf.tensor2d(fill, [missing.length, channels]), chosen));
  }

  /** The rows of either list, ascending. */
  union(a: Int32Array, b: Int32Array): Int32Array {
    if (b.length === 0 || areEqual(a, b)) return a;
    if (a.length === 0) return b;
    return Int32Array.from(new Set([...a, ...b])).sort();
  }
}

/** Some channels of a column; all, where left out. */
export interface ColumnWrite {
  readonly channels?: readonly number[] | undefined;
  readonly values: Float32Array;
}

/** A tensor with columns overwritten. @param at [writes]: the column of each */
export function overwriteColumns(
  values: tf.Tensor2D,
  writes: readonly ColumnWrite[],
  at: ArrayLike<number>,
): tf.Tensor2D {
  const [channels, columns] = values.shape;
  const size = writes.reduce((sum, write) => sum + write.values.length, 0);
  const indices = new Int32Array(size);
  const written = new Float32Array(size);
  let end = 0;
  writes.forEach((write, i) => {
    const count = write.channels?.length ?? channels;
    if (write.values.length !== count) {
      throw new RangeError(`${write.values.length} values are written to ${count} channels.`);
    }
    for (let j = 0; j < count; j++) indices[end + j] = (write.channels ? write.channels[j]! : j) * columns + at[i]!;
    written.set(write.values, end);
    end += count;
  });
  return overwrite(values, indices, written);
}
