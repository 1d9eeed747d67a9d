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
  normaliseBy,
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

/**
 * The scales [n], 1 / size, that a norm multiplies its input by, in the place of the input's own. Norms are named as
 * their parameters are, such as "transformer.h.0.ln_1". Where it gives nothing the norm runs as ever.
 */
export type NormScales = (norm: string, x: tf.Tensor2D) => tf.Tensor1D | undefined;

/** The site that a norm reads; undefined for the norms of position vectors. */
export function normedSite(norm: string): SiteName | undefined {
  if (norm === "transformer.ln_f") return FINAL_RESID;
  const [, layer, which] = /^transformer\.h\.(\d+)\.ln_([12])$/.exec(norm) ?? [];
  return layer === undefined ? undefined : siteAt(Number(layer), which === "1" ? "resid_in" : "resid_mid");
}

export interface ForwardOptions {
  readonly edit?: Edit;
  /** Holds the scales of norms: everything else about them stays live. They are constants to a gradient. */
  readonly norms?: NormScales;
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
  const steps = layerSteps(config, p, options);
  const position = config.dPos > 0 ? positionVectors(config, p, positionsOf(tokens)) : undefined; // [p, n]
  const besides = position ? [position] : []; // [p, n]
  const apart: TokenwisePass = (inputs, f) =>
    options.edit || options.project || options.panel === undefined
      ? f(inputs)
      : inTokenPanels(inputs, options.panel, f);

  const { start, readout } = options;
  let x: tf.Tensor2D;
  if (start)
    x = start.value; // [d, n]
  else x = edit(EMBED, embedTokens(config, p, tokens)); // [d, n]

  for (let i = start?.layer ?? 0; i < config.nLayer; i++) {
    const begun = start?.layer === i ? start.at : undefined;
    // What treats each token alone goes on with these columns: all, where left out.
    const columns = options.narrow && i === config.nLayer - 1 ? readout : undefined;
    const narrow = (x: tf.Tensor2D) => (columns ? gatherTokens(x, columns) : x); // [·, n or readout]

    // Attention
    if (begun === undefined) x = edit(siteAt(i, "resid_in"), x);
    const before = x;
    const attend = () => {
      const [q, k, v] = apart([before, ...besides], ([x, position]) => {
        const attentionIn = edit(siteAt(i, "attn.act_in"), steps.attentionInput(i, x!, position)); // [d + p, n]
        const [q, k, v] = steps.queriesKeysValues(i, attentionIn); // [a, n] each
        return [edit(siteAt(i, "attn.q"), q), edit(siteAt(i, "attn.k"), k), edit(siteAt(i, "attn.v"), v)];
      }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const sinks = steps.sinks(i);
      const mixed = options.patterns?.has(i)
        ? attendWith(edit(siteAt(i, "attn.pattern"), attentionPattern(q, k, shape, sinks)), v, shape)
        : attention(q, k, v, shape, sinks);
      return apart([narrow(before), narrow(edit(siteAt(i, "attn.y"), mixed))], ([x, y]) => {
        const attentionOut = edit(siteAt(i, "attn.resid_delta"), steps.attentionOutput(i, y!)); // [d, n]
        return [edit(siteAt(i, "resid_mid"), steps.afterAttention(x!, attentionOut))]; // [d, n]
      })[0]!;
    };
    if (begun !== "resid_mid") x = tf.tidy(attend);

    // MLP
    const middle = x;
    x = tf.tidy(
      () =>
        apart([middle, ...besides.map(narrow)], ([x, position]) => {
          const mlpIn = edit(siteAt(i, "mlp.act_in"), steps.mlpInput(i, x!, position)); // [d + p, n]
          const post = edit(siteAt(i, "mlp.post_act"), steps.neurons(i, mlpIn)); // [m, n]
          const mlpOut = edit(siteAt(i, "mlp.resid_delta"), steps.mlpOutput(i, post)); // [d, n]
          return [steps.afterMlp(x!, mlpOut)]; // [d, n]
        })[0]!,
    );
  }

  x = edit(FINAL_RESID, x);
  if (readout && !options.narrow) x = gatherTokens(x, readout); // [d, readout]
  const current = readout ? readout.map((column) => tokens.ids[column]!) : tokens.ids;
  const [logits] = apart([x, tf.tensor2d(current, [1, current.length], "int32")], ([x, ids]) => [
    unembed(config, p, x!, ids!.dataSync<"int32">(), options.norms), // [o, readout]
  ]);
  return edit(LOGITS, logits!);
}

/** Where the residual stream begins, [d, n]: the tokens' embeddings, with their positions where these are added. */
export function embedTokens(config: ModelConfig, p: Parameters, tokens: TokenBatch): tf.Tensor2D {
  const x = embed(p.table("transformer.wte.weight"), tf.tensor1d(tokens.ids, "int32")); // [d, n]
  const isAdded = config.positions !== "none" && config.dPos === 0;
  return isAdded ? add(x, positionVectors(config, p, positionsOf(tokens))) : x;
}

/**
 * What layer i computes of each token alone. Between the steps lie the sites; between `queriesKeysValues` and
 * `attentionOutput` lies attention, which is all that tokens have to do with each other.
 */
export function layerSteps(config: ModelConfig, p: Parameters, options: Pick<ForwardOptions, "project" | "norms">) {
  const activation = config.activation === "gelu" ? gelu : relu;
  const norm = (x: tf.Tensor2D, name: string) => normalise(config, p, x, name, options.norms);
  const select = (x: tf.Tensor2D, place: Loctype) => absTopK(x, selectedChannels(config, place, x.shape[0]));
  const selectThirds = (x: tf.Tensor2D, places: readonly Loctype[]) =>
    absTopKOfParts(
      x,
      places.map((place) => selectedChannels(config, place, x.shape[0] / 3)),
    );
  const project: Project =
    options.project ?? ((x, name) => linear(x, p.weight(`${name}.weight`), p.optional(`${name}.bias`)));
  const beside = (x: tf.Tensor2D, position: tf.Tensor2D | undefined, normName: string) =>
    position && config.dPos > 0 ? concatChannels(x, norm(position, normName)) : x; // [d + p, n]
  const written = (x: tf.Tensor2D) => (config.residualActivation === "relu" ? relu(x) : x);
  const h = (i: number) => `transformer.h.${i}`;
  return {
    attentionInput: (i: number, x: tf.Tensor2D, position?: tf.Tensor2D) =>
      select(beside(norm(x, `${h(i)}.ln_1`), position, `${h(i)}.ln_p1`), "attn_in"), // [d + p, n]
    queriesKeysValues: (i: number, attentionIn: tf.Tensor2D) => {
      const qkv = project(attentionIn, `${h(i)}.attn.c_attn`); // [3a, n]
      return selectThirds(qkv, ["attn_q", "attn_k", "attn_v"]) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]; // [a, n]
    },
    sinks: (i: number) => p.optional(`${h(i)}.attn.attn_imp.sink_logit`),
    attentionOutput: (i: number, y: tf.Tensor2D) => select(project(y, `${h(i)}.attn.c_proj`), "attn_out"), // [d, n]
    afterAttention: (x: tf.Tensor2D, delta: tf.Tensor2D) => select(written(add(x, delta)), "resid_post_attn"),
    mlpInput: (i: number, x: tf.Tensor2D, position?: tf.Tensor2D) =>
      select(beside(norm(x, `${h(i)}.ln_2`), position, `${h(i)}.ln_p2`), "mlp_in"), // [d + p, n]
    neurons: (i: number, mlpIn: tf.Tensor2D) => select(activation(project(mlpIn, `${h(i)}.mlp.c_fc`)), "mlp_neuron"), // [m, n]
    mlpOutput: (i: number, post: tf.Tensor2D) => select(project(post, `${h(i)}.mlp.c_proj`), "mlp_out"), // [d, n]
    afterMlp: (x: tf.Tensor2D, delta: tf.Tensor2D) => select(written(add(x, delta)), "resid_post_mlp"), // [d, n]
  };
}

/** From the end of the residual stream [d, n] to logits [o, n]; `current` holds the n tokens' ids. */
export function unembed(
  config: ModelConfig,
  p: Parameters,
  x: tf.Tensor2D,
  current: Int32Array,
  norms?: NormScales,
): tf.Tensor2D {
  // Tied: in training one tensor is the embedding and the unembedding.
  const unembedding = p.weight(p.has("lm_head.weight") ? "lm_head.weight" : "transformer.wte.weight");
  let logits = linear(normalise(config, p, x, "transformer.ln_f", norms), unembedding); // [o, n]
  const bias = p.optional("final_logits_bias");
  if (bias) logits = addToChannels(logits, bias);
  return config.bigram ? addTableRows(logits, p.sparse("bigram_table"), tf.tensor1d(current, "int32")) : logits;
}

function normalise(config: ModelConfig, p: Parameters, x: tf.Tensor2D, name: string, norms?: NormScales): tf.Tensor2D {
  if (config.norm === "none") return x;
  const [gain, bias] = [p.vector(`${name}.weight`), config.norm === "rms" ? undefined : p.optional(`${name}.bias`)];
  const scales = norms?.(name, x);
  if (scales) return normaliseBy(config.norm, x, scales, gain, bias);
  return config.norm === "rms" ? rmsNorm(x, gain) : layerNorm(x, gain, bias);
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

/** [n]: the position of each token in its sequence. */
function positionsOf({ batch, seq }: TokenBatch): Int32Array {
  return Int32Array.from({ length: batch * seq }, (_, n) => n % seq);
}

/** The vectors of positions, [d, n] where they are added and [p, n] where they are concatenated. */
export function positionVectors(config: ModelConfig, p: Parameters, positions: Int32Array): tf.Tensor2D {
  const length = positions.reduce((longest, position) => Math.max(longest, position + 1), 1);
  const table = p.has("transformer.wpe.weight")
    ? p.table("transformer.wpe.weight")
    : tf.tensor2d(sinusoids(config, length), [length, config.dPos]);
  return embed(table, tf.tensor1d(positions, "int32"));
}
