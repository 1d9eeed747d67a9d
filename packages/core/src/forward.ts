/**
 * The forward pass of a weight-sparse transformer (Gao et al. 2025, arXiv 2511.13653).
 *
 * Axes:
 *   d       channels of the residual stream        m   neurons of an MLP
 *   a       heads · dHead                          o   outputs: the vocabulary, as a rule
 *   n       tokens: batch · seq, sequence after sequence
 *
 * Activations are channels-major, [d, n]: SIMD lanes run along tokens, and W · x is a product with no transpose.
 * Every value that has a site name passes through `edit`, which may replace it: that is how activations are recorded,
 * swapped and ablated. Interventions see the value after AbsTopK, and nothing re-selects what they write.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  absTopK,
  add,
  addTableRows,
  attendWith,
  attention,
  attentionPattern,
  embed,
  gatherTokens,
  gelu,
  linear,
  relu,
  rmsNorm,
  sliceChannels,
  addToChannels,
  type AttentionShape,
} from "@filigree/kernels";
import { siteAt, siteName, type SiteName } from "@filigree/sites";
import type { Loctype, ModelConfig } from "./config.ts";
import type { Parameters } from "./parameters.ts";

/** Sequences of one length. Shorter ones may be padded on the right where the model is causal. */
export interface TokenBatch {
  /** Token ids, [batch · seq], sequence after sequence. */
  readonly ids: Int32Array;
  readonly batch: number;
  readonly seq: number;
}

/** Sees the value [channels, n] of a site and returns the value to go on with. */
export type Edit = (site: SiteName, value: tf.Tensor2D) => tf.Tensor2D;

export interface ForwardOptions {
  readonly edit?: Edit;
  /**
   * Layers whose attention pattern is computed as a value of its own and shown to `edit`. Elsewhere attention is one
   * fused operation and the pattern never exists.
   */
  readonly patterns?: ReadonlySet<number>;
  /** Which tokens' logits are wanted, as indices into n. All, where left out. */
  readonly readout?: Int32Array;
}

const EMBED = siteName("embed");
const FINAL_RESID = siteName("final_resid");
const LOGITS = siteName("logits");

/**
 * The logits of a batch, [o, readout]. Call it inside `tf.tidy`, or dispose what it leaves.
 *
 * @throws RangeError where a sequence is longer than the model's block, or empty, and where an id or a column is not there.
 */
export function forward(
  config: ModelConfig,
  p: Parameters,
  tokens: TokenBatch,
  options: ForwardOptions = {},
): tf.Tensor2D {
  const { batch, seq } = tokens;
  if (seq < 1 || seq > config.blockSize) {
    throw new RangeError(`A sequence of ${seq} tokens: the model takes 1 to ${config.blockSize}.`);
  }
  if (tokens.ids.length !== batch * seq) {
    throw new RangeError(`${tokens.ids.length} token ids: ${batch} sequences of ${seq} have ${batch * seq}.`);
  }
  requireBelow(config.vocabSize, tokens.ids, "token id");
  if (options.readout) requireBelow(batch * seq, options.readout, "readout column");
  const edit: Edit = options.edit ?? ((_, value) => value);
  const shape: AttentionShape = { heads: config.nHead, dHead: config.dHead, batch, seq, causal: config.causal };
  const ids = tf.tensor1d(tokens.ids, "int32");
  const activation = config.activation === "gelu" ? gelu : relu;
  const norm = (x: tf.Tensor2D, name: string) => (config.norm === "rms" ? rmsNorm(x, p.vector(`${name}.weight`)) : x);
  const select = (x: tf.Tensor2D, place: Loctype) =>
    config.afrac !== null && config.afracLoctypes.includes(place)
      ? absTopK(x, Math.floor(config.afrac * x.shape[0]))
      : x;
  const project = (x: tf.Tensor2D, name: string) => linear(x, p.matrix(`${name}.weight`), p.optional(`${name}.bias`));

  let x = embed(p.table("transformer.wte.weight"), ids); // [d, n]
  if (config.positions === "added") x = add(x, positionVectors(p, tokens)); // [d, n]
  x = edit(EMBED, x);

  for (let i = 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    x = edit(siteAt(i, "resid_in"), x);

    // Attention
    const attentionIn = edit(siteAt(i, "attn.act_in"), select(norm(x, `${h}.ln_1`), "attn_in")); // [d, n]
    const qkv = project(attentionIn, `${h}.attn.c_attn`); // [3a, n]
    const a = config.nHead * config.dHead;
    const q = edit(siteAt(i, "attn.q"), select(sliceChannels(qkv, 0, a), "attn_q")); // [a, n]
    const k = edit(siteAt(i, "attn.k"), select(sliceChannels(qkv, a, a), "attn_k")); // [a, n]
    const v = edit(siteAt(i, "attn.v"), select(sliceChannels(qkv, 2 * a, a), "attn_v")); // [a, n]
    const sinks = p.optional(`${h}.attn.attn_imp.sink_logit`);
    const mixed = options.patterns?.has(i)
      ? attendWith(edit(siteAt(i, "attn.pattern"), attentionPattern(q, k, shape, sinks)), v, shape)
      : attention(q, k, v, shape, sinks);
    const y = edit(siteAt(i, "attn.y"), mixed); // [a, n]
    const attentionOut = select(project(y, `${h}.attn.c_proj`), "attn_out"); // [d, n]
    x = add(x, edit(siteAt(i, "attn.resid_delta"), attentionOut));

    // MLP
    x = edit(siteAt(i, "resid_mid"), x);
    const mlpIn = edit(siteAt(i, "mlp.act_in"), select(norm(x, `${h}.ln_2`), "mlp_in")); // [d, n]
    const neurons = select(activation(project(mlpIn, `${h}.mlp.c_fc`)), "mlp_neuron"); // [m, n]
    const post = edit(siteAt(i, "mlp.post_act"), neurons);
    const mlpOut = select(project(post, `${h}.mlp.c_proj`), "mlp_out"); // [d, n]
    x = add(x, edit(siteAt(i, "mlp.resid_delta"), mlpOut));
  }

  x = edit(FINAL_RESID, x);
  const { readout } = options;
  if (readout) x = gatherTokens(x, readout); // [d, readout]
  let logits = linear(norm(x, "transformer.ln_f"), p.matrix("lm_head.weight")); // [o, readout]
  const bias = p.optional("final_logits_bias");
  if (bias) logits = addToChannels(logits, bias);
  if (config.bigram) {
    const current = readout
      ? tf.tensor1d(
          readout.map((column) => tokens.ids[column]!),
          "int32",
        )
      : ids;
    logits = addTableRows(logits, p.sparse("bigram_table"), current);
  }
  return edit(LOGITS, logits);
}

/** Kernels look up by address: an index out of range would read another tensor. */
function requireBelow(limit: number, indices: Int32Array, what: string): void {
  const wrong = indices.find((index) => index < 0 || index >= limit);
  if (wrong !== undefined) throw new RangeError(`The ${what} ${wrong}: the model takes 0 to ${limit - 1}.`);
}

/** The position's vector for each token, [d, n]. */
function positionVectors(p: Parameters, { batch, seq }: TokenBatch): tf.Tensor2D {
  const positions = Int32Array.from({ length: batch * seq }, (_, n) => n % seq);
  return embed(p.table("transformer.wpe.weight"), tf.tensor1d(positions, "int32"));
}
