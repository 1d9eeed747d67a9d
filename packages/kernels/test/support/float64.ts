import type { AttentionShape } from "../../src/index.ts";

// The operations again, from their formulas, in double precision and without a thought for speed. Matrices are
// row-major, [channels, tokens] where they are activations.

type Numbers = ArrayLike<number>;

function build(count: number, value: (index: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => value(index));
}

function sum(count: number, term: (index: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}

/** weight [out, in] · x [in, tokens] + bias [out]. */
export function linear(x: Numbers, weight: Numbers, bias: Numbers | undefined, out: number, tokens: number) {
  const inner = weight.length / out;
  return build(out * tokens, (i) => {
    const [row, t] = [Math.floor(i / tokens), i % tokens];
    return (bias?.[row] ?? 0) + sum(inner, (c) => weight[row * inner + c]! * x[c * tokens + t]!);
  });
}

export function rmsNorm(x: Numbers, gain: Numbers, tokens: number) {
  const channels = gain.length;
  return build(x.length, (i) => {
    const t = i % tokens;
    const square = sum(channels, (c) => x[c * tokens + t]! ** 2) / channels;
    return (x[i]! * gain[Math.floor(i / tokens)]!) / Math.sqrt(square + 2 ** -23);
  });
}

export function layerNorm(x: Numbers, gain: Numbers, bias: Numbers | undefined, tokens: number) {
  const channels = gain.length;
  return build(x.length, (i) => {
    const [c, t] = [Math.floor(i / tokens), i % tokens];
    const mean = sum(channels, (c) => x[c * tokens + t]!) / channels;
    const variance = sum(channels, (c) => (x[c * tokens + t]! - mean) ** 2) / channels;
    return ((x[i]! - mean) * gain[c]!) / Math.sqrt(variance + 1e-5) + (bias?.[c] ?? 0);
  });
}

/** The error function by its series of positive terms, exact to about 1e-15 for |z| < 6. */
function erf(z: number): number {
  let term = z;
  let total = z;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * z * z) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * total;
}

export function gelu(x: Numbers) {
  return build(x.length, (i) => 0.5 * x[i]! * (1 + erf(x[i]! * Math.SQRT1_2)));
}

/** [heads · seq (key), batch · seq (query)]. */
export function attentionPattern(q: Numbers, k: Numbers, shape: AttentionShape, sinks?: Numbers) {
  const { heads, dHead, batch, seq, causal } = shape;
  const tokens = batch * seq;
  const pattern = new Float64Array(heads * seq * tokens);
  for (let h = 0; h < heads; h++) {
    for (let t = 0; t < tokens; t++) {
      const first = t - (t % seq);
      const keys = causal ? (t % seq) + 1 : seq;
      const weight = build(keys, (s) => {
        const at = (c: number) => (h * dHead + c) * tokens;
        return Math.exp(sum(dHead, (c) => q[at(c) + t]! * k[at(c) + first + s]!) / Math.sqrt(dHead));
      });
      const total = sum(keys, (s) => weight[s]!) + (sinks ? Math.exp(sinks[h]!) : 0);
      weight.forEach((w, s) => (pattern[(h * seq + s) * tokens + t] = w / total));
    }
  }
  return pattern;
}

export function attendWith(pattern: Numbers, v: Numbers, shape: AttentionShape) {
  const { dHead, batch, seq } = shape;
  const tokens = batch * seq;
  return build(v.length, (i) => {
    const [channel, t] = [Math.floor(i / tokens), i % tokens];
    const head = Math.floor(channel / dHead);
    const first = t - (t % seq);
    return sum(seq, (s) => pattern[(head * seq + s) * tokens + t]! * v[channel * tokens + first + s]!);
  });
}

export function attention(q: Numbers, k: Numbers, v: Numbers, shape: AttentionShape, sinks?: Numbers) {
  return attendWith(attentionPattern(q, k, shape, sinks), v, shape);
}

/** Which entries AbsTopK keeps, 1 or 0: a full sort of each column, ties to the lower channel. */
export function absTopKMask(x: Numbers, channels: number, tokens: number, k: number) {
  const mask = new Float64Array(channels * tokens);
  for (let t = 0; t < tokens; t++) {
    const size = (c: number) => Math.abs(x[c * tokens + t]!);
    const order = Array.from({ length: channels }, (_, c) => c).sort((a, b) => size(b) - size(a) || a - b);
    for (const c of order.slice(0, k)) mask[c * tokens + t] = 1;
  }
  return mask;
}

/** −log softmax of logits [outputs, tokens] at each token's target. */
export function crossEntropy(logits: Numbers, targets: Int32Array) {
  const tokens = targets.length;
  const outputs = logits.length / tokens;
  return build(tokens, (t) => {
    const column = build(outputs, (j) => logits[j * tokens + t]!);
    const largest = Math.max(...column);
    return largest + Math.log(sum(outputs, (j) => Math.exp(column[j]! - largest))) - column[targets[t]!]!;
  });
}
