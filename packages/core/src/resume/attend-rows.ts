import * as tf from "@tensorflow/tfjs-core";
import {
  headLanes,
  layInLanes,
  mixRows,
  overwrite,
  rowPattern,
  type LanedTokens,
  type RowLists,
} from "@filigree/kernels";
import { siteAt } from "@filigree/sites";
import type { ModelConfig } from "../config.ts";
import { overwriteColumns, type Grid, type RowSpace } from "./grid.ts";
import type { RowWrite } from "./resumed-batch.ts";

/** Queries, keys and values of a layer, where they differ from the known runs. */
export interface LayerGrids {
  readonly q: Grid | undefined;
  readonly k: Grid | undefined;
  readonly v: Grid | undefined;
}

/** What is written inside attention: rows of patterns, and values that one row alone receives. */
export interface AttentionWrites {
  readonly pattern: readonly RowWrite[];
  readonly received: readonly RowWrite[];
}

/**
 * The rows whose attention may come out otherwise, ascending: where the query differs, where a key or a value in sight
 * does, where a row of the pattern is written or a value received. @param isWanted whether a row still matters
 */
export function rowsToAttend(
  space: RowSpace,
  causal: boolean,
  { q, k, v }: LayerGrids,
  writes: AttentionWrites,
  isWanted: (run: number, token: number) => boolean,
): Int32Array {
  // Every row from here on sees a key or a value that differs.
  const from = new Int32Array(space.runs.length).fill(space.seq);
  for (const grid of [k, v]) {
    grid?.keys.forEach((key) => {
      const run = space.runOf(key);
      from[run] = causal ? Math.min(from[run]!, space.tokenOf(key)) : 0;
    });
  }
  for (let run = 0; run < space.runs.length; run++) {
    const twin = space.twin(run);
    if (twin && from[twin.run]! < twin.before) from[run] = Math.min(from[run]!, from[twin.run]!);
  }
  const differs = new Uint8Array(space.runs.length * space.seq);
  q?.keys.forEach((key) => (differs[key] = 1));
  for (const { run, token } of writes.pattern) differs[space.key(run, token)] = 1;
  for (const { run, receiver } of writes.received) differs[space.key(run, receiver!)] = 1;
  const keys: number[] = [];
  for (let run = 0; run < space.runs.length; run++) {
    const length = space.length(run);
    for (let token = space.twin(run)?.before ?? 0; token < length; token++) {
      const key = space.key(run, token);
      if ((token >= from[run]! || differs[key] === 1) && isWanted(run, token)) keys.push(key);
    }
  }
  return Int32Array.from(keys);
}

/** The attention of rows, and the pattern that they go by. The caller disposes both. */
export function attendRows(
  config: ModelConfig,
  layer: number,
  space: RowSpace,
  keys: Int32Array,
  grids: LayerGrids,
  writes: AttentionWrites,
  sinks: tf.Tensor1D | undefined,
): { mixed: tf.Tensor2D; pattern: RowPatterns } {
  const heads = { heads: config.nHead, dHead: config.dHead };
  const sites = { q: siteAt(layer, "attn.q"), k: siteAt(layer, "attn.k"), v: siteAt(layer, "attn.v") };
  const received = receivedValues(space, sites.v, grids.v, writes.received);
  const pool = (site: typeof sites.k, fresh: tf.Tensor2D | undefined) => {
    const known = space.known.lanes(site);
    return { known, fresh: fresh ? layInLanes(fresh, heads) : NONE(known) };
  };
  const seen = (row: number) => (config.causal ? space.tokenOf(row) + 1 : space.length(space.runOf(row)));
  const starts = new Int32Array(keys.length + 1);
  keys.forEach((row, i) => (starts[i + 1] = starts[i]! + seen(row)));
  const listed = (columns: Int32Array, own?: (row: number, token: number) => number | undefined) => {
    const tokens = new Int32Array(starts[keys.length]!);
    keys.forEach((row, i) => {
      const run = space.runOf(row);
      const first = space.known.offsets[space.runs[run]!.known]!;
      for (let token = 0, at = starts[i]!; at < starts[i + 1]!; token++, at++) {
        const column = own?.(row, token) ?? columns[space.key(run, token)]!;
        tokens[at] = column >= 0 ? space.known.tokens + column : first + token;
      }
    });
    return { starts: tf.tensor1d(starts, "int32"), tokens: tf.tensor1d(tokens, "int32"), longest: space.seq };
  };
  const q = space.fetch(sites.q, grids.q, keys);
  const keyLists: RowLists = listed(space.columnsOf(grids.k));
  const valueLists: RowLists = listed(space.columnsOf(grids.v), received?.columnFor);
  let weights = rowPattern(q, keyLists, pool(sites.k, grids.k?.values), heads, sinks);
  const pattern = new RowPatterns(space, keys, starts, config);
  if (writes.pattern.length > 0) weights = pattern.overwrite(weights, writes.pattern);
  pattern.weights = weights;
  const values = received?.values ?? grids.v?.values;
  return { mixed: mixRows(weights, valueLists, pool(sites.v, values), heads), pattern };
}

/** With nothing fresh no list points past what is known. */
const NONE = (known: LanedTokens): LanedTokens => known;

/**
 * Values with those added that one row alone receives: columns past the grid's own, each the sender's value of the
 * resumed run with what is sent in its place.
 */
function receivedValues(
  space: RowSpace,
  site: ReturnType<typeof siteAt>,
  grid: Grid | undefined,
  received: readonly RowWrite[],
): { values: tf.Tensor2D; columnFor(row: number, token: number): number | undefined } | undefined {
  if (received.length === 0) return undefined;
  const own = grid?.keys ?? new Int32Array(0);
  const columns = new Map<number, number>();
  const senders: number[] = [];
  const nameOf = (row: number, token: number) => row * space.seq + token;
  const at = received.map(({ run, token, receiver }) => {
    const name = nameOf(space.key(run, receiver!), token);
    let column = columns.get(name);
    if (column === undefined) {
      columns.set(name, (column = own.length + senders.length));
      senders.push(space.key(run, token));
    }
    return column;
  });
  const all = space.fetch(site, grid, Int32Array.from([...own, ...senders]));
  return {
    values: overwriteColumns(all, received, at),
    columnFor: (row, token) => columns.get(nameOf(row, token)),
  };
}

/** The patterns of rows: [entries, lanes], an entry for each key that a row sees. */
export class RowPatterns {
  weights: tf.Tensor2D | undefined;
  readonly #space: RowSpace;
  readonly #starts: Int32Array;
  readonly #rows: ReadonlyMap<number, number>;
  readonly #heads: number;
  #values: Float32Array | undefined;

  constructor(space: RowSpace, keys: Int32Array, starts: Int32Array, { nHead }: ModelConfig) {
    this.#space = space;
    this.#starts = starts;
    this.#rows = new Map([...keys].map((key, row) => [key, row]));
    this.#heads = nHead;
  }

  /** Puts in what is written: channels are head · keys + key. What is given to keys out of sight stays without effect. */
  overwrite(weights: tf.Tensor2D, writes: readonly RowWrite[]): tf.Tensor2D {
    const lanes = headLanes(this.#heads);
    const indices: number[] = [];
    const written: number[] = [];
    for (const { run, token, channels, values } of writes) {
      const row = this.#rows.get(this.#space.key(run, token));
      if (row === undefined) continue;
      const length = this.#space.length(run);
      const [start, count] = [this.#starts[row]!, this.#starts[row + 1]! - this.#starts[row]!];
      values.forEach((value, j) => {
        const channel = channels ? channels[j]! : j;
        const [head, key] = [Math.floor(channel / length), channel % length];
        if (!(head >= 0 && head < this.#heads)) throw new RangeError(`The pattern has no channel ${channel}.`);
        if (key >= count) return;
        indices.push((start + key) * lanes + head);
        written.push(value);
      });
    }
    return overwrite(weights, Int32Array.from(indices), Float32Array.from(written));
  }

  /** One row as a column [heads · keys]; undefined where it is as in the known run. */
  column(key: number): Float32Array | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    this.#values ??= this.weights!.dataSync<"float32">();
    const lanes = headLanes(this.#heads);
    const length = this.#space.length(this.#space.runOf(key));
    const out = new Float32Array(this.#heads * length);
    for (let at = this.#starts[row]!, token = 0; at < this.#starts[row + 1]!; at++, token++) {
      for (let h = 0; h < this.#heads; h++) out[h * length + token] = this.#values[at * lanes + h]!;
    }
    return out;
  }
}
