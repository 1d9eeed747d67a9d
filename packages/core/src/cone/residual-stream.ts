import type { ModelConfig } from "../config.ts";
import type { TokenBatch } from "../forward.ts";
import type { CircuitSite } from "./circuit-nodes.ts";
import type { WeightReader } from "./cut-weights.ts";
import type { Channels } from "./linear-rows.ts";

/** Tokens that are alike before the circuit has acted: of one id and, where positions are added, at one position. */
interface Kinds {
  /** [kinds + 1]: where the entries of each kind begin. */
  readonly starts: Int32Array;
  readonly channels: Int32Array;
  readonly values: Float32Array;
}

/**
 * The residual stream of a batch, in three parts.
 *
 * - Channels that the circuit has _written_: one value for each token.
 * - Of the others, those where a token's embedding is not 0: one value for each _kind_ of token.
 * - The rest: one value for all tokens, which {@link Backdrop} holds.
 *
 * Every channel is added up in the order of the forward pass and rounded where it rounds, so that channels that are
 * equal there are equal here.
 */
export class ResidualStream {
  /** [tokens]: the kind of each. */
  readonly kindOf: Int32Array;
  /** Written channels keep their entries, which then mean nothing. */
  readonly kinds: Kinds;
  readonly seq: number;
  /** The written channels, each [tokens]. */
  readonly #written = new Map<number, Float32Array>();
  readonly #relu: boolean;

  constructor(config: ModelConfig, weights: WeightReader, { ids, seq }: TokenBatch) {
    const added = config.positions === "added" ? weights.positions() : undefined;
    const embedding = weights.matrix("transformer.wte.weight");
    const { kindOf, firsts } = sortIntoKinds(ids, added ? seq : 1);
    const starts = new Int32Array(firsts.length + 1);
    const channels: number[] = [];
    const values: number[] = [];
    const vector = new Float32Array(config.dModel);
    firsts.forEach((token, kind) => {
      const put = (channel: number, value: number) => {
        if (value === 0) return;
        channels.push(channel);
        values.push(value);
      };
      const [begin, end] = [embedding.rowStarts[ids[token]!]!, embedding.rowStarts[ids[token]! + 1]!];
      if (added) {
        vector.set(added.subarray((token % seq) * vector.length, (token % seq) * vector.length + vector.length));
        for (let j = begin; j < end; j++) vector[embedding.columns[j]!]! += embedding.values[j]!;
        vector.forEach((value, channel) => put(channel, value));
      } else for (let j = begin; j < end; j++) put(embedding.columns[j]!, embedding.values[j]!);
      starts[kind + 1] = channels.length;
    });
    this.kindOf = kindOf;
    this.kinds = { starts, channels: Int32Array.from(channels), values: Float32Array.from(values) };
    this.seq = seq;
    this.#relu = config.residualActivation === "relu";
  }

  /** The written channels. */
  get written(): Float32Array[] {
    return [...this.#written.values()];
  }

  /** Some channels, each [tokens]. @param backdrop [d]: at this place of the stream */
  channels(some: readonly number[], backdrop: Float32Array): Channels {
    const others = some.filter((channel) => !this.#written.has(channel));
    const slot = new Int32Array(backdrop.length).fill(-1);
    others.forEach((channel, index) => (slot[channel] = index));
    const { starts, channels, values } = this.kinds;
    const byKind = others.map((channel) => new Float32Array(starts.length - 1).fill(backdrop[channel]!));
    if (others.length > 0) {
      for (let kind = 0; kind + 1 < starts.length; kind++) {
        for (let j = starts[kind]!; j < starts[kind + 1]!; j++) {
          const index = slot[channels[j]!]!;
          if (index >= 0) byKind[index]![kind] = values[j]!;
        }
      }
    }
    return new Map(
      some.map((channel) => {
        const known = byKind[slot[channel]!];
        if (!known) return [channel, this.#written.get(channel)!];
        const all = new Float32Array(this.kindOf.length);
        for (let t = 0; t < all.length; t++) all[t] = known[this.kindOf[t]!]!;
        return [channel, all];
      }),
    );
  }

  /**
   * Adds what a sublayer writes: what the circuit's nodes write, and what all other channels show.
   *
   * @param backdrop [d]: before the sublayer
   */
  add({ channels: nodes, fixed, kept }: CircuitSite, written: Channels, backdrop: Float32Array): void {
    const first = nodes.filter((channel) => !this.#written.has(channel));
    for (const [channel, x] of this.channels(first, backdrop)) this.#written.set(channel, x);
    const { channels, values } = this.kinds;
    for (let j = 0; j < values.length; j++) values[j]! += fixed[channels[j]!]!;
    for (const [channel, x] of this.#written) {
      if (kept[channel] === 1) {
        const more = written.get(channel)!;
        for (let t = 0; t < x.length; t++) x[t]! += more[t]!;
      } else {
        const more = fixed[channel]!;
        for (let t = 0; t < x.length; t++) x[t]! += more;
      }
    }
    if (!this.#relu) return;
    for (const part of [values, ...this.#written.values()]) {
      for (let j = 0; j < part.length; j++) part[j] = Math.max(0, part[j]!);
    }
  }

  /** Puts what one token's vector holds beside the backdrop into a column of [d, width]. */
  copyToken(token: number, into: Float32Array, column: number, width: number): void {
    const { starts, channels, values } = this.kinds;
    const kind = this.kindOf[token]!;
    for (let i = starts[kind]!; i < starts[kind + 1]!; i++) into[channels[i]! * width + column] = values[i]!;
    for (const [c, x] of this.#written) into[c * width + column] = x[token]!;
  }
}

/** What the residual stream holds where neither the embedding nor the circuit writes: [channels], the same at all tokens. */
export class Backdrop {
  readonly values: Float32Array;
  readonly #relu: boolean;

  constructor(config: ModelConfig) {
    this.values = new Float32Array(config.dModel);
    this.#relu = config.residualActivation === "relu";
  }

  add({ fixed }: CircuitSite): void {
    for (let c = 0; c < fixed.length; c++) this.values[c]! += fixed[c]!;
    if (this.#relu) for (let c = 0; c < fixed.length; c++) this.values[c] = Math.max(0, this.values[c]!);
  }
}

/** Numbers the kinds in the order in which they first appear; `firsts` are the tokens where they do. */
function sortIntoKinds(ids: Int32Array, period: number): { kindOf: Int32Array; firsts: number[] } {
  const numbers = new Map<number, number>();
  const firsts: number[] = [];
  const kindOf = ids.map((id, token) => {
    const name = id * period + (token % period);
    let kind = numbers.get(name);
    if (kind === undefined) {
      numbers.set(name, (kind = firsts.length));
      firsts.push(token);
    }
    return kind;
  });
  return { kindOf, firsts };
}
