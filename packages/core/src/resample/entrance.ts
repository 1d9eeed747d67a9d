import { RMS_NORM_EPSILON } from "@filigree/kernels";
import type { Channels } from "../cone/linear-rows.ts";
import { byColumns, channelOf, type Columns } from "./columns.ts";
import { Ranks } from "./ranks.ts";

/** What a sublayer's norm is and what AbsTopK keeps behind it. */
export interface EntranceSettings {
  /** [d]: undefined where the model has no norms. */
  readonly gain: Float32Array | undefined;
  /** [columns]: scales that the norm is held at. */
  readonly held: Float32Array | undefined;
  readonly k: number;
}

/** A stream as circuits change it: by columns, with what its norm needs. */
interface Changeable {
  /** [columns, d]. */
  readonly stream: Float32Array;
  /** [columns]: sums of squares. Each square of a float32 is exact here. */
  readonly squares: Float64Array;
}

/** What a sublayer reads of the stream: RMSNorm, then AbsTopK, corrected for the channels that a circuit wrote. */
export class Entrance {
  readonly #settings: EntranceSettings;
  /** The stream without any circuit, [d, columns]. */
  readonly #stream: Float32Array;
  /** [d, columns]: what the sublayer then reads. */
  readonly #read: Float32Array;
  readonly #columns: Columns;
  /** [d]: one column behind the norm. */
  readonly #normed: Float32Array;
  readonly #ranks: Ranks;
  /** Made for the first circuit that writes before this sublayer. */
  #changeable: Changeable | undefined;

  /**
   * @param stream [d, columns]: without any circuit
   * @param read [d, columns]: what the pass makes of it
   */
  constructor(settings: EntranceSettings, stream: Float32Array, read: Float32Array, columns: Columns) {
    this.#settings = settings;
    this.#stream = stream;
    this.#read = read;
    this.#columns = columns;
    this.#normed = new Float32Array(stream.length / columns.count);
    this.#ranks = new Ranks(this.#normed, this.#normed.length, settings.k);
  }

  get bytes(): number {
    const { stream, squares } = this.#changeable ?? {};
    return this.#read.byteLength + (stream?.byteLength ?? 0) + (squares?.byteLength ?? 0);
  }

  /** The wanted channels, [columns] each. @param written what a circuit made of channels of the stream */
  read(written: Channels, wanted: readonly number[]): Channels {
    const { count, used } = this.#columns;
    const read = wanted.map((channel) => channelOf(this.#read, channel, count).slice());
    const result = new Map(wanted.map((channel, w) => [channel, read[w]!]));
    if (written.size === 0) return result;
    const width = this.#normed.length;
    const { stream, squares } = (this.#changeable ??= changeable(this.#stream, count));
    const channels = [...written.keys()].sort((a, b) => a - b);
    const shown = channels.map((channel) => written.get(channel)!);
    const before = channels.map((channel) => channelOf(this.#stream, channel, count));
    for (const t of used) {
      const first = t * width;
      let sum = squares[t]!;
      let differs = false;
      for (let i = 0; i < channels.length; i++) {
        const [x, donated] = [shown[i]![t]!, before[i]![t]!];
        if (x === donated) continue;
        differs = true;
        sum += x * x - donated * donated;
        stream[first + channels[i]!] = x;
      }
      if (!differs) continue;
      this.#normalise(stream, t, sum, this.#settings.k === width ? wanted : undefined);
      this.#ranks.turnTo(0);
      for (let w = 0; w < wanted.length; w++) {
        const value = this.#normed[wanted[w]!]!;
        read[w]![t] = value === 0 || this.#ranks.isSelected(wanted[w]!) ? value : 0;
      }
      for (let i = 0; i < channels.length; i++) stream[first + channels[i]!] = before[i]![t]!;
    }
    return result;
  }

  /** Puts channels of a column through the norm, rounding as the kernel does: all of them, where left out. */
  #normalise(stream: Float32Array, t: number, squares: number, some: readonly number[] | undefined): void {
    const { gain, held } = this.#settings;
    const normed = this.#normed;
    const width = normed.length;
    const scale = held ? held[t]! : Math.fround(1 / Math.sqrt(Math.max(0, squares) / width + RMS_NORM_EPSILON));
    const count = some?.length ?? width;
    for (let i = 0; i < count; i++) {
      const c = some ? some[i]! : i;
      const x = stream[t * width + c]!;
      normed[c] = gain ? Math.fround(x * scale) * gain[c]! : x;
    }
  }
}

function changeable(stream: Float32Array, columns: number): Changeable {
  const squares = new Float64Array(columns);
  for (let at = 0; at < stream.length; at += columns) {
    for (let t = 0; t < columns; t++) squares[t]! += stream[at + t]! * stream[at + t]!;
  }
  return { stream: byColumns(stream, columns), squares };
}
