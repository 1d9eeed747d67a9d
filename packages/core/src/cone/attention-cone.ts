import { selectedChannels, type Loctype, type ModelConfig } from "../config.ts";
import { attendHeads, type ReadHead } from "./attend-heads.ts";
import type { CircuitSite } from "./circuit-nodes.ts";
import type { WeightReader } from "./cut-weights.ts";
import { fixedRows, LinearRows, type Channels } from "./linear-rows.ts";
import { SelectedRows } from "./selected-rows.ts";

export interface AttentionSites {
  readonly actIn: CircuitSite;
  readonly q: CircuitSite;
  readonly k: CircuitSite;
  readonly v: CircuitSite;
  readonly out: CircuitSite;
}

/**
 * The attention of a layer, as far as the circuit's writes to the residual stream depend on it.
 *
 * A head's output is Σ over keys of weight · v. Only channels that are nodes of v are summed so. Where v is the same at
 * all keys, the sum is v · share, with the share of a query that is not the sink's:
 * - without sinks the share is 1;
 * - in a head without nodes of q and k all scores are alike, and the share depends on the number of visible keys alone:
 *   what it gives is a fixed part of c_proj's output, per number of keys;
 * - otherwise the share varies, and is computed once for all such channels of the head.
 */
export class AttentionCone {
  /** Channels of the entrance that are read. */
  readonly reads: readonly number[];
  readonly #config: ModelConfig;
  readonly #sinks: Float32Array | undefined;
  readonly #heads: readonly ReadHead[];
  readonly #qkv: { readonly q: SelectedRows; readonly k: SelectedRows; readonly v: SelectedRows };
  readonly #out: SelectedRows;
  /** c_proj of what does not vary, where each query sees so many keys. */
  readonly #fixedOut: (keys: number) => Float32Array;
  /** The length of sequences for which that was computed last. */
  #fixedFor = 0;

  constructor(config: ModelConfig, weights: WeightReader, layer: number, sites: AttentionSites) {
    const { actIn, q, k, v, out } = sites;
    const { nHead, dHead } = config;
    const a = nHead * dHead;
    const name = `transformer.h.${layer}.attn`;
    const sinks = weights.vector(`${name}.attn_imp.sink_logit`);
    const heads = Array.from({ length: nHead }, (_, head) => readHead(config, sites, head));
    const shareVaries = heads.map(({ products }) => sinks !== undefined && products.length > 0);
    const headOf = (channel: number) => Math.floor(channel / dHead);
    const proj = weights.matrix(`${name}.c_proj.weight`);
    const projBias = weights.vector(`${name}.c_proj.bias`);
    const rows = new LinearRows(proj, { first: 0, count: out.width }, (channel) => {
      if (v.kept[channel] === 1) return { input: channel, factor: 1 };
      if (!shareVaries[headOf(channel)] || v.fixed[channel] === 0) return undefined;
      return { input: a + headOf(channel), factor: v.fixed[channel]! };
    });
    this.#config = config;
    this.#sinks = sinks;
    this.#out = new SelectedRows(rows, out.channels, selectedChannels(config, "attn_out", out.width));
    const y = new Float32Array(a);
    this.#fixedOut = (keys) => {
      heads.forEach(({ score }, head) => {
        const share = !sinks ? 1 : shareVaries[head] ? 0 : 1 / (1 + Math.exp(sinks[head]! - score) / keys);
        for (let c = head * dHead; c < (head + 1) * dHead; c++) y[c] = v.fixed[c]! * share;
      });
      return fixedRows(proj, { first: 0, count: out.width }, projBias, y);
    };
    if (!sinks) this.#out.fix([this.#fixedOut(1)]);

    this.#heads = heads
      .map((head, index) => ({
        ...head,
        values: head.values.filter((channel) => this.#out.inputs.has(channel)),
        share: this.#out.inputs.has(a + index),
      }))
      .filter(({ values, share }) => values.length > 0 || share);
    const attn = weights.matrix(`${name}.c_attn.weight`);
    const attnBias = weights.vector(`${name}.c_attn.bias`);
    const projected = (part: number, wanted: readonly number[], place: Loctype) => {
      const block = { first: part * a, count: a };
      const rows = new LinearRows(attn, block, (channel) =>
        actIn.kept[channel] === 1 ? { input: channel, factor: 1 } : undefined,
      );
      const selected = new SelectedRows(rows, wanted, selectedChannels(config, place, a));
      selected.fix([fixedRows(attn, block, attnBias, actIn.fixed)]);
      return selected;
    };
    const products = this.#heads.flatMap((head) => head.products);
    this.#qkv = {
      q: projected(0, keptOf(q, products), "attn_q"),
      k: projected(1, keptOf(k, products), "attn_k"),
      v: projected(
        2,
        this.#heads.flatMap(({ values }) => values),
        "attn_v",
      ),
    };
    const reads = Object.values(this.#qkv).flatMap(({ inputs }) => [...inputs]);
    this.reads = [...new Set(reads)].sort((a, b) => a - b);
  }

  get cost(): number {
    const { q, k, v } = this.#qkv;
    return q.cost + k.cost + v.cost + this.#out.cost;
  }

  /** What the circuit writes, by channel of the residual stream. */
  run(actIn: Channels, batch: number, seq: number): Channels {
    const tokens = batch * seq;
    const all = new Int32Array(tokens);
    const { q, k, v } = this.#qkv;
    const heads = { q: q.run(actIn, all), k: k.run(actIn, all), v: v.run(actIn, all) };
    const y = attendHeads(this.#config, this.#heads, heads, this.#sinks, batch, seq);
    if (!this.#sinks) return this.#out.run(y, all);
    this.#fixFor(seq);
    if (this.#config.causal) for (let token = 0; token < tokens; token++) all[token] = token % seq;
    return this.#out.run(y, all);
  }

  /**
   * Computes what c_proj gives fixed in sequences of a length: for each number of visible keys. What served a longer
   * causal sequence serves a shorter one; batches come shortest first, so some length is computed in advance.
   */
  #fixFor(seq: number): void {
    const { causal, blockSize } = this.#config;
    if (causal ? seq <= this.#fixedFor : seq === this.#fixedFor) return;
    this.#fixedFor = causal ? Math.min(blockSize, Math.max(seq, 2 * this.#fixedFor)) : seq;
    const keys = causal ? Array.from({ length: this.#fixedFor }, (_, t) => t + 1) : [seq];
    this.#out.fix(keys.map((visible) => this.#fixedOut(visible)));
  }
}

/** A head with all its nodes: which channels of it are multiplied, which summed over keys. */
function readHead({ dHead }: ModelConfig, { q, k, v }: AttentionSites, head: number): Omit<ReadHead, "share"> {
  const channels = Array.from({ length: dHead }, (_, j) => head * dHead + j);
  const isNode = (c: number) => q.kept[c] === 1 || k.kept[c] === 1;
  const isZero = (c: number) => (q.kept[c] === 0 && q.fixed[c] === 0) || (k.kept[c] === 0 && k.fixed[c] === 0);
  const score = channels.reduce((sum, c) => sum + (isNode(c) ? 0 : q.fixed[c]! * k.fixed[c]!), 0);
  return {
    head,
    products: channels
      .filter((c) => isNode(c) && !isZero(c))
      .map((channel) => ({ channel, q: q.fixed[channel]!, k: k.fixed[channel]! })),
    score: score / Math.sqrt(dHead),
    values: channels.filter((c) => v.kept[c] === 1),
  };
}

function keptOf(site: CircuitSite, products: readonly { readonly channel: number }[]): number[] {
  return products.map(({ channel }) => channel).filter((channel) => site.kept[channel] === 1);
}
