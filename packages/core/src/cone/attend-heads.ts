import * as tf from "@tensorflow/tfjs-core";
import { attention } from "@filigree/kernels";
import type { ModelConfig } from "../config.ts";
import type { Channels } from "./linear-rows.ts";

/** What is needed of a head of attention. */
export interface ReadHead {
  readonly head: number;
  /** Channels whose product of q and k varies, with what q and k show where they are no nodes. */
  readonly products: readonly { readonly channel: number; readonly q: number; readonly k: number }[];
  /** What all other channels add to every score, divided by √dHead. */
  readonly score: number;
  /** Channels of v that are summed over keys. */
  readonly values: readonly number[];
  /** Whether the share of a query that is not the sink's is needed. */
  readonly share: boolean;
}

/**
 * Attention in some heads, through the very operation of the forward pass but with the channels that matter: the
 * products that vary and one for all that do not; the values wanted and, for the share, one that is 1 at all keys.
 *
 * @returns by channel of y; the share of head h comes as channel heads · dHead + h
 */
export function attendHeads(
  config: ModelConfig,
  heads: readonly ReadHead[],
  { q, k, v }: { readonly q: Channels; readonly k: Channels; readonly v: Channels },
  sinks: Float32Array | undefined,
  batch: number,
  seq: number,
): Channels {
  if (heads.length === 0) return new Map();
  const tokens = batch * seq;
  const { nHead, dHead, causal } = config;
  const width = Math.max(
    ...heads.map(({ products, values, share }) => Math.max(products.length + 1, values.length + (share ? 1 : 0))),
  );
  // The operation divides scores by the root of the channels that it is given.
  const rescale = Math.sqrt(width / dHead);
  const size = heads.length * width * tokens;
  const [queries, keys, summed] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  const column = (all: Float32Array, index: number, j: number) => {
    const at = (index * width + j) * tokens;
    return all.subarray(at, at + tokens);
  };
  heads.forEach(({ products, score, values, share }, index) => {
    products.forEach((product, j) => {
      const own = q.get(product.channel);
      const query = column(queries, index, j);
      for (let t = 0; t < tokens; t++) query[t] = (own ? own[t]! : product.q) * rescale;
      const key = k.get(product.channel);
      if (key) column(keys, index, j).set(key);
      else column(keys, index, j).fill(product.k);
    });
    column(queries, index, products.length).fill(score * Math.sqrt(width));
    column(keys, index, products.length).fill(1);
    values.forEach((channel, j) => column(summed, index, j).set(v.get(channel)!));
    if (share) column(summed, index, values.length).fill(1);
  });
  const result = tf.tidy(() => {
    const on = (values: Float32Array) => tf.tensor2d(values, [heads.length * width, tokens]);
    const shape = { heads: heads.length, dHead: width, batch, seq, causal };
    const own = sinks && tf.tensor1d(heads.map(({ head }) => sinks[head]!));
    return attention(on(queries), on(keys), on(summed), shape, own);
  });
  const y = result.dataSync<"float32">();
  result.dispose();
  const found = new Map<number, Float32Array>();
  heads.forEach(({ head, values, share }, index) => {
    values.forEach((channel, j) => found.set(channel, column(y, index, j)));
    if (share) found.set(nHead * dHead + head, column(y, index, values.length));
  });
  return found;
}
