import type { Channels } from "../cone/linear-rows.ts";
import type { ModelConfig } from "../config.ts";
import type { TokenBatch } from "../forward.ts";
import { channelOf, type Columns } from "./columns.ts";

/** What the queries, keys and values of donors show, and what heads mix of them, [a, columns] each. */
export interface HeadSites {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  /** [a, columns that go on]. */
  readonly y: Float32Array;
}

/** Channels of a head that differ from the donors', with what they show and what the donors show. */
interface HeadChannels {
  readonly shown: readonly Float32Array[];
  readonly donated: readonly Float32Array[];
}

/**
 * Attention of one layer where some queries, keys and values differ from the donors'. Scores are the donors', kept from
 * circuit to circuit, plus what the channels that differ add; all else of a row that no difference reaches stays.
 */
export class DonorAttention {
  readonly #config: ModelConfig;
  readonly #tokens: TokenBatch;
  readonly #donors: HeadSites;
  readonly #out: Columns;
  /** [columns that go on]: the query's column. */
  readonly #queries: Int32Array;
  readonly #sinks: Float32Array | undefined;
  /**
   * By head the donors' scores, not yet divided by √dHead: [columns that go on, seq]. In double precision, as a large score
   * of the donor's may leave a small one.
   */
  readonly #scores = new Map<number, { readonly values: Float64Array; readonly known: Uint8Array }>();

  /** @param queries [columns that go on]: where each lies among all tokens */
  constructor(
    config: ModelConfig,
    tokens: TokenBatch,
    donors: HeadSites,
    out: Columns,
    queries: Int32Array,
    sinks: Float32Array | undefined,
  ) {
    this.#config = config;
    this.#tokens = tokens;
    this.#donors = donors;
    this.#out = out;
    this.#queries = queries;
    this.#sinks = sinks;
  }

  get bytes(): number {
    return [...this.#scores.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  }

  /** The channels of y that may differ, [columns that go on] each. @param changed what may differ, by channel */
  mixes(changed: { readonly q: Channels; readonly k: Channels; readonly v: Channels }): Channels {
    const { dHead } = this.#config;
    const channels = [...changed.q.keys(), ...changed.k.keys(), ...changed.v.keys()];
    const heads = [...new Set(channels.map((channel) => Math.floor(channel / dHead)))].sort((a, b) => a - b);
    return new Map(heads.flatMap((head) => this.#mix(head, changed)));
  }

  #mix(
    head: number,
    changed: { readonly q: Channels; readonly k: Channels; readonly v: Channels },
  ): [number, Float32Array][] {
    const { dHead, causal } = this.#config;
    const { batch, seq } = this.#tokens;
    const columns = batch * seq;
    const own = Array.from({ length: dHead }, (_, j) => head * dHead + j);
    const scored = own.filter((channel) => changed.q.has(channel) || changed.k.has(channel));
    const queries = headChannels(scored, changed.q, this.#donors.q, columns);
    const keys = headChannels(scored, changed.k, this.#donors.k, columns);
    const values = headChannels(own, changed.v, this.#donors.v, columns);
    const mixed = own.map((channel) => channelOf(this.#donors.y, channel, this.#out.count).slice());
    // The first token of each sequence at which a value differs from the donor's.
    const firsts = own.map((channel, j) => {
      return changed.v.has(channel) ? firstDifferences(values.shown[j]!, values.donated[j]!, batch, seq) : undefined;
    });
    const weights = new Float64Array(seq);
    for (const o of this.#out.used) {
      const t = this.#queries[o]!;
      const sequence = Math.floor(t / seq);
      const first = sequence * seq;
      const visible = causal ? t - first + 1 : seq;
      const moved = this.#score(head, o, t, visible, queries, keys, weights);
      if (!moved && !firsts.some((differs) => differs !== undefined && differs[sequence]! < visible)) continue;
      this.#softmax(head, weights, visible);
      for (let j = 0; j < dHead; j++) {
        // A result that no difference reaches stays the donor's to the bit, whatever the rest of the batch does.
        const differs = firsts[j];
        if (!moved && !(differs !== undefined && differs[sequence]! < visible)) continue;
        const v = values.shown[j]!;
        let sum = 0;
        for (let s = 0; s < visible; s++) sum += weights[s]! * v[first + s]!;
        mixed[j]![o] = sum;
      }
    }
    return own.map((channel, j) => [channel, mixed[j]!]);
  }

  /** Writes a query's scores; returns whether they differ from the donor's. */
  #score(
    head: number,
    o: number,
    t: number,
    visible: number,
    queries: HeadChannels,
    keys: HeadChannels,
    into: Float64Array,
  ): boolean {
    const { seq } = this.#tokens;
    const first = t - (t % seq);
    const known = this.#donorScores(head, o, t, visible);
    for (let s = 0; s < visible; s++) into[s] = known[o * seq + s]!;
    let moved = false;
    for (let i = 0; i < queries.shown.length; i++) {
      const [q, donatedQ] = [queries.shown[i]![t]!, queries.donated[i]![t]!];
      if (q === 0 && donatedQ === 0) continue;
      const [k, donatedK] = [keys.shown[i]!, keys.donated[i]!];
      for (let s = 0; s < visible; s++) {
        const difference = q * k[first + s]! - donatedQ * donatedK[first + s]!;
        if (difference === 0) continue;
        into[s]! += difference;
        moved = true;
      }
    }
    return moved;
  }

  #donorScores(head: number, o: number, t: number, visible: number): Float64Array {
    const { batch, seq } = this.#tokens;
    const { dHead } = this.#config;
    const columns = batch * seq;
    let scores = this.#scores.get(head);
    if (!scores) {
      const { count } = this.#out;
      scores = { values: new Float64Array(count * seq), known: new Uint8Array(count) };
      this.#scores.set(head, scores);
    }
    const { values, known } = scores;
    if (known[o] === 1) return values;
    known[o] = 1;
    const first = t - (t % seq);
    const { q, k } = this.#donors;
    for (let channel = head * dHead; channel < (head + 1) * dHead; channel++) {
      const query = q[channel * columns + t]!;
      if (query === 0) continue;
      const key = channel * columns + first;
      for (let s = 0; s < visible; s++) values[o * seq + s]! += query * k[key + s]!;
    }
    return values;
  }

  /** Scores to weights, in place. A sink takes its share and gives nothing. */
  #softmax(head: number, scores: Float64Array, visible: number): void {
    const scale = 1 / Math.sqrt(this.#config.dHead);
    const sink = this.#sinks ? this.#sinks[head]! : -Infinity;
    let largest = sink;
    for (let s = 0; s < visible; s++) largest = Math.max(largest, (scores[s]! *= scale));
    let sum = Math.exp(sink - largest);
    for (let s = 0; s < visible; s++) sum += scores[s] = Math.exp(scores[s]! - largest);
    for (let s = 0; s < visible; s++) scores[s]! /= sum;
  }
}

function headChannels(
  channels: readonly number[],
  changed: Channels,
  donated: Float32Array,
  columns: number,
): HeadChannels {
  const donors = channels.map((channel) => channelOf(donated, channel, columns));
  return { shown: channels.map((channel, j) => changed.get(channel) ?? donors[j]!), donated: donors };
}

/** [batch]: `seq` where a sequence shows what its donor shows. */
function firstDifferences(shown: Float32Array, donated: Float32Array, batch: number, seq: number): Int32Array {
  const firsts = new Int32Array(batch).fill(seq);
  for (let b = 0; b < batch; b++) {
    for (let s = 0; s < seq; s++) {
      if (shown[b * seq + s] === donated[b * seq + s]) continue;
      firsts[b] = s;
      break;
    }
  }
  return firsts;
}
