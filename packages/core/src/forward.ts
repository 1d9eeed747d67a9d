/**
 * The forward pass of a weight-sparse transformer (Gao et al. 2025, arXiv 2511.13653).
 *
 * Axes:
 *   d       channels of the residual stream        m   neurons of an MLP
 *   a       heads · dHead                          o   outputs: the vocabulary, as a rule
 *   p       channels of a concatenated position    n   tokens: batch · seq, sequence after sequence
 *
 * Activations are channels-major, [d, n]: SIMD lanes run along tokens, and W · x is a product with no transpose.
 * Every value that has a site name passes through `edit`, which may replace it: that is how activations are recorded,
 * swapped and ablated. Interventions see the value after AbsTopK, and nothing re-selects what they write.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  absTopK,
  absTopKOfParts,
  add,
  addTableRows,
  attendWith,
  attention,
  attentionPattern,
  concatChannels,
  embed,
  gatherTokens,
  gelu,
  inTokenPanels,
  layerNorm,
  linear,
  relu,
  rmsNorm,
  addToChannels,
  type AttentionShape,
} from "@filigree/kernels";
import { siteAt, siteName, type SiteName } from "@filigree/sites";
import { selectedChannels, type Loctype, type ModelConfig } from "./config.ts";
import type { Parameters } from "./parameters.ts";
import { sinusoids } from "./sinusoids.ts";

/** Sequences of one length. Shorter ones may be padded on the right where the model is causal. */
export interface TokenBatch {
  /** Token ids, [batch · seq], sequence after sequence. */
  readonly ids: Int32Array;
  readonly batch: number;
  readonly seq: number;
}

/** Sees the value [channels, n] of a site and returns the value to go on with. */
export type Edit = (site: SiteName, value: tf.Tensor2D) => tf.Tensor2D;

/** W · x + b of a matrix of attention or MLP, such as "transformer.h.0.attn.c_attn". */
export type Project = (x: tf.Tensor2D, matrix: string) => tf.Tensor2D;

export interface ForwardOptions {
  readonly edit?: Edit;
  /** Takes the place of the products with attention and MLP matrices: that is how single weights are ablated. */
  readonly project?: Project;
  /**
   * Layers whose attention pattern is computed as a value of its own and shown to `edit`. Elsewhere attention is one
   * fused operation and the pattern never exists.
   */
  readonly patterns?: ReadonlySet<number>;
  /** Which tokens' logits are wanted, as indices into n. All, where left out. */
  readonly readout?: Int32Array;
  /**
   * Where there is no edit: so many tokens at a time go through what treats each token alone, which is all but
   * attention. The logits are the same to the bit, sooner and in less memory. No gradient passes.
   */
  readonly panel?: number;
  /** Where the pass begins, if not with the embedding. What comes before is neither computed nor shown to `edit`. */
  readonly start?: ForwardStart;
  /** Only the columns that are read go on from the last attention, and `edit` sees no others from there on. */
  readonly narrow?: boolean;
}

/**
 * The residual stream as `edit` left it at a layer's `resid_in` or `resid_mid`, [d, n]; [d, readout] after the last
 * attention of a pass that is `narrow`.
 */
export interface ForwardStart {
  readonly layer: number;
  readonly at: "resid_in" | "resid_mid";
  readonly value: tf.Tensor2D;
}

const EMBED = siteName("embed");
const FINAL_RESID = siteName("final_resid");
const LOGITS = siteName("logits");

/**
 * The logits of a batch, [o, readout]. Call it inside `tf.tidy`, or dispose what it leaves. What a sublayer makes is
 * freed at its end: an edit that wants to hold on to a value copies it.
 *
 * @throws RangeError where a sequence is longer than the model's block, or empty, and where an id or a column is not there.
 */
export function forward(
  config: ModelConfig,
  p: Parameters,
  tokens: TokenBatch,
  options: ForwardOptions = {},
): tf.Tensor2D {
  checkTokens(config, tokens, options.readout);
  const { batch, seq } = tokens;
  const edit: Edit = options.edit ?? ((_, value) => value);
  const shape: AttentionShape = { heads: config.nHead, dHead: config.dHead, batch, seq, causal: config.causal };
  const ids = tf.tensor1d(tokens.ids, "int32");
  const activation = config.activation === "gelu" ? gelu : relu;
  const norm = (x: tf.Tensor2D, name: string) => normalise(config, p, x, name);
  const select = (x: tf.Tensor2D, place: Loctype) => absTopK(x, selectedChannels(config, place, x.shape[0]));
  const selectThirds = (x: tf.Tensor2D, places: readonly Loctype[]) =>
    absTopKOfParts(
      x,
      places.map((place) => selectedChannels(config, place, x.shape[0] / 3)),
    );
  const project: Project =
    options.project ?? ((x, name) => linear(x, p.weight(`${name}.weight`), p.optional(`${name}.bias`)));
  const position = config.positions === "none" ? undefined : positionVectors(config, p, tokens); // [d or p, n]
  const besides = position && config.dPos > 0 ? [position] : []; // [p, n]
  const beside = (x: tf.Tensor2D, position: tf.Tensor2D | undefined, normName: string) =>
    position ? concatChannels(x, norm(position, normName)) : x; // [d + p, n]
  const apart: TokenwisePass = (inputs, f) =>
    options.edit || options.project || options.panel === undefined
      ? f(inputs)
      : inTokenPanels(inputs, options.panel, f);
  const written = (x: tf.Tensor2D) => (config.residualActivation === "relu" ? relu(x) : x);

  const { start, readout } = options;
  let x: tf.Tensor2D;
  if (start)
    x = start.value; // [d, n]
  else {
    x = embed(p.table("transformer.wte.weight"), ids); // [d, n]
    if (position && config.dPos === 0) x = add(x, position); // [d, n]
    x = edit(EMBED, x);
  }

  for (let i = start?.layer ?? 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    const begun = start?.layer === i ? start.at : undefined;
    // What treats each token alone goes on with these columns: all, where left out.
    const columns = options.narrow && i === config.nLayer - 1 ? readout : undefined;
    const narrow = (x: tf.Tensor2D) => (columns ? gatherTokens(x, columns) : x); // [·, n or readout]

    // Attention
    if (begun === undefined) x = edit(siteAt(i, "resid_in"), x);
    const before = x;
    const attend = () => {
      const [q, k, v] = apart([before, ...besides], ([x, position]) => {
        const attentionRead = beside(norm(x!, `${h}.ln_1`), position, `${h}.ln_p1`); // [d + p, n]
        const attentionIn = edit(siteAt(i, "attn.act_in"), select(attentionRead, "attn_in")); // [d + p, n]
        const qkv = project(attentionIn, `${h}.attn.c_attn`); // [3a, n]
        const [q, k, v] = selectThirds(qkv, ["attn_q", "attn_k", "attn_v"]); // [a, n] each
        return [edit(siteAt(i, "attn.q"), q!), edit(siteAt(i, "attn.k"), k!), edit(siteAt(i, "attn.v"), v!)];
      }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const sinks = p.optional(`${h}.attn.attn_imp.sink_logit`);
      const mixed = options.patterns?.has(i)
        ? attendWith(edit(siteAt(i, "attn.pattern"), attentionPattern(q, k, shape, sinks)), v, shape)
        : attention(q, k, v, shape, sinks);
      return apart([narrow(before), narrow(edit(siteAt(i, "attn.y"), mixed))], ([x, y]) => {
        const attentionOut = select(project(y!, `${h}.attn.c_proj`), "attn_out"); // [d, n]
        const sum = add(x!, edit(siteAt(i, "attn.resid_delta"), attentionOut));
        return [edit(siteAt(i, "resid_mid"), select(written(sum), "resid_post_attn"))]; // [d, n]
      })[0]!;
    };
    if (begun !== "resid_mid") x = tf.tidy(attend);

    // MLP
    const middle = x;
    x = tf.tidy(
      () =>
        apart([middle, ...besides.map(narrow)], ([x, position]) => {
          const mlpRead = beside(norm(x!, `${h}.ln_2`), position, `${h}.ln_p2`); // [d + p, n]
          const mlpIn = edit(siteAt(i, "mlp.act_in"), select(mlpRead, "mlp_in")); // [d + p, n]
          const neurons = select(activation(project(mlpIn, `${h}.mlp.c_fc`)), "mlp_neuron"); // [m, n]
          const post = edit(siteAt(i, "mlp.post_act"), neurons);
          const mlpOut = select(project(post, `${h}.mlp.c_proj`), "mlp_out"); // [d, n]
          const sum = add(x!, edit(siteAt(i, "mlp.resid_delta"), mlpOut));
          return [select(written(sum), "resid_post_mlp")]; // [d, n]
        })[0]!,
    );
  }

  x = edit(FINAL_RESID, x);
  if (readout && !options.narrow) x = gatherTokens(x, readout); // [d, readout]
  const current = readout ? readout.map((column) => tokens.ids[column]!) : tokens.ids;
  const [logits] = apart([x, tf.tensor2d(current, [1, current.length], "int32")], ([x, ids]) => [
    unembed(config, p, x!, ids!.dataSync<"int32">()), // [o, readout]
  ]);
  return edit(LOGITS, logits!);
}

/** From the end of the residual stream [d, n] to logits [o, n]; `current` holds the n tokens' ids. */
export function unembed(config: ModelConfig, p: Parameters, x: tf.Tensor2D, current: Int32Array): tf.Tensor2D {
  // Tied: in training one tensor is the embedding and the unembedding.
  const unembedding = p.weight(p.has("lm_head.weight") ? "lm_head.weight" : "transformer.wte.weight");
  let logits = linear(normalise(config, p, x, "transformer.ln_f"), unembedding); // [o, n]
  const bias = p.optional("final_logits_bias");
  if (bias) logits = addToChannels(logits, bias);
  return config.bigram ? addTableRows(logits, p.sparse("bigram_table"), tf.tensor1d(current, "int32")) : logits;
}

function normalise(config: ModelConfig, p: Parameters, x: tf.Tensor2D, name: string): tf.Tensor2D {
  if (config.norm === "none") return x;
  const gain = p.vector(`${name}.weight`);
  return config.norm === "rms" ? rmsNorm(x, gain) : layerNorm(x, gain, p.optional(`${name}.bias`));
}

/** @throws RangeError where a sequence is longer than the model's block, or empty, or an id or a column is not there. */
export function checkTokens(config: ModelConfig, { ids, batch, seq }: TokenBatch, readout?: Int32Array): void {
  if (seq < 1 || seq > config.blockSize) {
    throw new RangeError(`A sequence of ${seq} tokens: the model takes 1 to ${config.blockSize}.`);
  }
  if (ids.length !== batch * seq) {
    throw new RangeError(`${ids.length} token ids: ${batch} sequences of ${seq} have ${batch * seq}.`);
  }
  requireBelow(config.vocabSize, ids, "token id");
  if (readout) requireBelow(batch * seq, readout, "readout column");
}

/** Computes tensors [channels, n] from others, token by token. */
type TokenwisePass = (
  inputs: tf.Tensor2D[],
  f: (inputs: (tf.Tensor2D | undefined)[]) => tf.Tensor2D[],
) => tf.Tensor2D[];

/** Kernels look up by address: an index out of range would read another tensor. */
function requireBelow(limit: number, indices: Int32Array, what: string): void {
  const wrong = indices.find((index) => index < 0 || index >= limit);
  if (wrong !== undefined) throw new RangeError(`The ${what} ${wrong}: the model takes 0 to ${limit - 1}.`);
}

/** The position's vector for each token, [d, n] where it is added and [p, n] where it is concatenated. */
function positionVectors(config: ModelConfig, p: Parameters, { batch, seq }: TokenBatch): tf.Tensor2D {
  const positions = Int32Array.from({ length: batch * seq }, (_, n) => n % seq);
  const table = p.has("transformer.wpe.weight")
    ? p.table("transformer.wpe.weight")
    : tf.tensor2d(sinusoids(config, seq), [seq, config.dPos]);
  return embed(table, tf.tensor1d(positions, "int32"));
}
