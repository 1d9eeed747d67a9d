import * as tf from "@tensorflow/tfjs-core";
import { concatChannels, gelu } from "@filigree/kernels";
import { listParameters } from "@filigree/core";

/** Kernels by what they are for; what is in none of them is "other". */
const GROUPS = {
  products: ["csrMatMul", "csrMatMulScratch", "compressRows", "countNonzero", "transpose", "addToRows"],
  attention: ["attention", "attentionScratch"],
  selection: ["absTopK", "absTopKScratch"],
  activation: ["gelu"],
  norms: ["rmsNorm", "layerNorm"],
  copies: ["embed", "addTableRows", "addDenseRows", "copyValues", "copyColumns"],
};
/** Multiplications and additions of our exponential, and of a GELU. */
const EXPONENTIAL = 18;
const GELU = 36;

/**
 * What this machine can do, measured with the kernels themselves: bytes read and written a second by a copy too large
 * for the caches, and operations a second of a GELU that stays in them and needs next to no loads.
 */
export function measureRates() {
  const channels = 2 ** 14;
  const [a, b] = [tf.zeros([channels, 512]), tf.zeros([channels, 512])]; // 32 MiB each
  const copy = fastest(() => concatChannels(a, b).dispose());
  const x = tf.ones([16, 1024]);
  const arithmetic = fastest(() => {
    for (let i = 0; i < 20; i++) gelu(x).dispose();
  });
  return {
    bytesPerSecond: (2 * 2 * channels * 512 * 4) / copy,
    operationsPerSecond: (20 * x.size * GELU) / arithmetic,
  };
}

/** Seconds. */
function fastest(work) {
  let least = Infinity;
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000;
}

/**
 * For each kind of operation of a forward pass: its milliseconds, the least that its arithmetic and its traffic would
 * take at the measured rates, and which of the two is larger. Traffic counts every input once and every output once.
 */
export function forwardBounds({ config, parameters }, batch, seq, rates, { whole, kernels }) {
  const tokens = batch * seq;
  const { nLayer, nHead, dModel, dPos, dMlp, vocabSize, outSize } = config;
  const heads = nHead * config.dHead;
  const work = { products: [0, 0] };
  for (const { name, role, shape } of listParameters(config)) {
    if (role !== "block" && role !== "unembedding") continue;
    const { nonzeros, dense } = parameters.sparse(name);
    // A product with a whole matrix skips the zeros that AbsTopK leaves of its input.
    const selected = dense && /(?:c_attn|c_fc|mlp\.c_proj)\.weight$/.test(name) ? (config.afrac ?? 1) : 1;
    work.products[0] += 2 * nonzeros * tokens * selected;
    work.products[1] += 4 * tokens * (shape[0] + shape[1]) + 8 * nonzeros;
  }
  const pairs = (nLayer * nHead * batch * seq * (seq + 1)) / 2;
  const kept = (place) => (config.afracLoctypes.includes(place) ? (config.afrac ?? 1) : 1);
  const perPair = 2 * config.dHead * (kept("attn_k") + kept("attn_v")) + EXPONENTIAL;
  work.attention = [pairs * perPair, nLayer * tokens * 4 * 4 * heads];
  const selected = 2 * (dModel + dPos) + 3 * heads + 2 * dModel + dMlp;
  work.selection = [0, nLayer * tokens * 8 * selected];
  work.activation = [nLayer * tokens * dMlp * GELU, nLayer * tokens * dMlp * 8];
  work.norms = [0, (2 * nLayer + 1) * tokens * dModel * 8];
  work.copies = [0, tokens * 8 * (dModel + outSize + nLayer * (3 * heads + 2 * (dModel + dPos))) + 4 * vocabSize];
  const rows = Object.entries(work).map(([operation, [operations, bytes]]) => {
    const milliseconds = GROUPS[operation].reduce((sum, kernel) => sum + (kernels[kernel] ?? 0), 0);
    const arithmetic = (1000 * operations) / rates.operationsPerSecond;
    const memory = (1000 * bytes) / rates.bytesPerSecond;
    return {
      operation,
      milliseconds,
      boundMilliseconds: Math.max(arithmetic, memory),
      boundBy: arithmetic > memory ? "arithmetic" : "memory",
    };
  });
  const named = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...rows, { operation: "other", milliseconds: whole - named }];
}
