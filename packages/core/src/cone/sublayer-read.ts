import { LAYER_NORM_EPSILON, RMS_NORM_EPSILON } from "@filigree/kernels";
import { selectedChannels, type Loctype, type ModelConfig } from "../config.ts";
import type { WeightReader } from "./cut-weights.ts";
import type { Channels } from "./linear-rows.ts";
import type { ResidualStream } from "./residual-stream.ts";
import { Selection } from "./selection.ts";
import { bitsOf, channelOf, preference, preferences } from "./selection-order.ts";

/** How a sublayer reads the stream: with which norms, and whether AbsTopK selects. */
export interface ReadPlace {
  /** `transformer.h.0.ln_1`. */
  readonly norm: string;
  /** `transformer.h.0.ln_p1`. */
  readonly positionNorm: string;
  readonly place: Loctype;
}

/** The channels that are followed, each [tokens], and what the norm does to each token. */
interface Followed {
  readonly x: Channels;
  readonly seq: number;
  readonly scales: Float64Array;
  readonly means: Float64Array | undefined;
}

/**
 * What the circuit's nodes read at the entrance of a sublayer: norm, then AbsTopK, of the channels that are wanted.
 *
 * The norm needs sums over all channels: those of the backdrop, corrected for each kind of token, plus those of the
 * written channels. RMSNorm multiplies all channels of a token by one positive number, which AbsTopK does not see:
 * which channels of the stream are selected depends on |x · gain|, and that is fixed for a kind but for the written
 * channels. These and the wanted ones are _followed_ token by token. Channels of concatenated positions have a norm of
 * their own; they are compared at the stream's scale, and tracked with the followed ones.
 */
export class SublayerRead {
  readonly #config: ModelConfig;
  readonly #wanted: readonly number[];
  readonly #followed: readonly number[];
  readonly #isFollowed: Uint8Array;
  readonly #isWritten: Uint8Array;
  readonly #backdrop: Float32Array;
  readonly #gain: Float32Array | undefined;
  readonly #bias: Float32Array | undefined;
  /** The vectors of all positions after their norm, [blockSize · dPos]. */
  readonly #positions: Float32Array | undefined;
  readonly #selection: Selection | undefined;
  /** Preferences of the backdrop, highest first, and where in that order each channel stands. */
  readonly #order: Float64Array;
  readonly #placeOf: Int32Array;

  /**
   * @param wanted channels of the entrance, d + p of them, that the circuit reads
   * @param written channels of the stream that the circuit has written before
   * @param backdrop [d]: the stream where nothing else writes, at this place
   */
  constructor(
    config: ModelConfig,
    weights: WeightReader,
    place: ReadPlace,
    wanted: readonly number[],
    written: ReadonlySet<number>,
    backdrop: Float32Array,
  ) {
    this.#config = config;
    this.#wanted = wanted;
    this.#backdrop = backdrop;
    this.#isWritten = new Uint8Array(config.dModel);
    for (const channel of written) this.#isWritten[channel] = 1;
    this.#isFollowed = this.#isWritten.slice();
    for (const channel of wanted) if (channel < config.dModel) this.#isFollowed[channel] = 1;
    this.#followed = [...this.#isFollowed.keys()].filter((channel) => this.#isFollowed[channel] === 1);
    this.#gain = weights.vector(`${place.norm}.weight`);
    this.#bias = weights.vector(`${place.norm}.bias`);
    const { dModel, dPos } = config;
    const table = dPos > 0 ? weights.positions() : undefined;
    this.#positions = table && normPositions(config, table, weights, place.positionNorm);
    const k = selectedChannels(config, place.place, dModel + dPos);
    if (k < dModel + dPos) {
      const beside = Array.from({ length: dPos }, (_, j) => dModel + j);
      this.#selection = new Selection(k, [...this.#followed, ...beside], wanted);
    }
    const scaled = this.#backdrop.map((value, c) => value * this.#gainOf(c));
    this.#order = this.#selection ? preferences(scaled, this.#isFollowed).sort().reverse() : new Float64Array(0);
    this.#placeOf = new Int32Array(dModel);
    this.#order.forEach((key, at) => (this.#placeOf[channelOf(key)] = at));
  }

  get cost(): number {
    return this.#selection?.cost ?? 0;
  }

  /** The wanted channels, each [tokens]. */
  read(stream: ResidualStream): Channels {
    const { scales, means } = this.#norms(stream);
    const x = stream.channels(this.#followed, this.#backdrop);
    const at = { x, seq: stream.seq, scales, means };
    const values = this.#wanted.map((channel) => this.#unscaled(at, channel));
    this.#selection?.apply(values, this.#windows(stream, this.#selection), stream.kindOf, (columns) => {
      const { dModel, dPos } = this.#config;
      const ranked = [...this.#followed, ...Array.from({ length: dPos }, (_, j) => dModel + j)];
      return { channels: ranked.map((channel) => this.#unscaled(at, channel, columns)), columns };
    });
    values.forEach((value, w) => {
      const bias = this.#wanted[w]! < this.#config.dModel && this.#bias ? this.#bias[this.#wanted[w]!]! : 0;
      for (let t = 0; t < value.length; t++) value[t] = value[t]! * scales[t]! + bias;
    });
    return new Map(this.#wanted.map((channel, w) => [channel, values[w]!]));
  }

  #gainOf(channel: number): number {
    return this.#gain ? this.#gain[channel]! : 1;
  }

  /** (x − mean) · gain: what the norm gives, before it multiplies all channels by the token's scale. */
  #unscaled({ x: followed, seq, scales, means }: Followed, channel: number, columns?: Int32Array): Float32Array {
    const values = new Float32Array(columns?.length ?? scales.length);
    const { dModel, dPos } = this.#config;
    if (channel >= dModel) {
      const positions = this.#positions!;
      for (let j = 0; j < values.length; j++) {
        const t = columns ? columns[j]! : j;
        values[j] = positions[(t % seq) * dPos + channel - dModel]! / scales[t]!;
      }
      return values;
    }
    const x = followed.get(channel)!;
    const gain = this.#gainOf(channel);
    for (let j = 0; j < values.length; j++) {
      const t = columns ? columns[j]! : j;
      values[j] = (means ? x[t]! - means[t]! : x[t]!) * gain;
    }
    return values;
  }

  /** For each token what the norm multiplies by and, for layer norm, what it subtracts. */
  #norms(stream: ResidualStream): { scales: Float64Array; means: Float64Array | undefined } {
    const { kindOf, written } = stream;
    const { norm, dModel } = this.#config;
    const scales = new Float64Array(kindOf.length).fill(1);
    if (norm === "none") return { scales, means: undefined };
    const squares = this.#sums(stream, (value) => value * value);
    for (let t = 0; t < scales.length; t++) scales[t] = squares[kindOf[t]!]!;
    for (const x of written) for (let t = 0; t < x.length; t++) scales[t]! += x[t]! * x[t]!;
    if (norm === "rms") {
      for (let t = 0; t < scales.length; t++) scales[t] = 1 / Math.sqrt(scales[t]! / dModel + RMS_NORM_EPSILON);
      return { scales, means: undefined };
    }
    const sums = this.#sums(stream, (value) => value);
    const means = new Float64Array(kindOf.length);
    for (let t = 0; t < means.length; t++) means[t] = sums[kindOf[t]!]!;
    for (const x of written) for (let t = 0; t < x.length; t++) means[t]! += x[t]!;
    for (let t = 0; t < scales.length; t++) {
      means[t]! /= dModel;
      const variance = Math.max(0, scales[t]! / dModel - means[t]! ** 2);
      scales[t] = 1 / Math.sqrt(variance + LAYER_NORM_EPSILON);
    }
    return { scales, means };
  }

  /** For each kind the sum of a term over all channels that are not written. */
  #sums({ kinds: { starts, channels, values } }: ResidualStream, term: (value: number) => number): Float64Array {
    let backdrop = 0;
    for (let c = 0; c < this.#backdrop.length; c++) if (this.#isWritten[c] === 0) backdrop += term(this.#backdrop[c]!);
    const sums = new Float64Array(starts.length - 1);
    for (let kind = 0; kind < sums.length; kind++) {
      let sum = backdrop;
      for (let j = starts[kind]!; j < starts[kind + 1]!; j++) {
        const channel = channels[j]!;
        if (this.#isWritten[channel] === 0) sum += term(values[j]!) - term(this.#backdrop[channel]!);
      }
      sums[kind] = sum;
    }
    return sums;
  }

  /**
   * The window of each kind. A kind differs from the backdrop in m channels, so that what stands in its window stood
   * there, or at most m places beside it, or is one of the m.
   */
  #windows({ kinds: { starts, channels, values } }: ResidualStream, selection: Selection): Float64Array {
    const { first, end } = selection.places;
    const order = this.#order;
    const windows = new Float64Array((starts.length - 1) * selection.size);
    const replacedBy = new Int32Array(order.length).fill(-1);
    const candidates = new Float64Array(this.#config.dModel + order.length);
    const scaled = values.map((value, j) => value * this.#gainOf(channels[j]!));
    const bits = bitsOf(scaled);
    for (let kind = 0; kind + 1 < starts.length; kind++) {
      const own = starts[kind + 1]! - starts[kind]!;
      const from = Math.min(order.length, Math.max(0, first - own));
      const to = Math.min(order.length, Math.max(0, end + own));
      let above = from;
      let count = 0;
      for (let j = starts[kind]!; j < starts[kind + 1]!; j++) {
        if (this.#isFollowed[channels[j]!] === 1) continue;
        const place = this.#placeOf[channels[j]!]!;
        replacedBy[place] = kind;
        if (place < from) above--;
        candidates[count++] = preference(bits[j]!, channels[j]!);
      }
      for (let place = from; place < to; place++) if (replacedBy[place] !== kind) candidates[count++] = order[place]!;
      selection.writeWindow(candidates.subarray(0, count), above, windows, kind);
    }
    return windows;
  }
}

/** The vectors of positions after their norm, row by row. */
function normPositions(config: ModelConfig, table: Float32Array, weights: WeightReader, name: string): Float32Array {
  if (config.norm === "none") return table;
  const gain = weights.vector(`${name}.weight`)!;
  const bias = weights.vector(`${name}.bias`);
  const epsilon = config.norm === "rms" ? RMS_NORM_EPSILON : LAYER_NORM_EPSILON;
  const normal = new Float32Array(table.length);
  for (let at = 0; at < table.length; at += gain.length) {
    const row = table.subarray(at, at + gain.length);
    const mean = config.norm === "rms" ? 0 : row.reduce((sum, value) => sum + value, 0) / row.length;
    const squares = row.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const scale = 1 / Math.sqrt(squares / row.length + epsilon);
    row.forEach((value, j) => (normal[at + j] = (value - mean) * scale * gain[j]! + (bias ? bias[j]! : 0)));
  }
  return normal;
}
