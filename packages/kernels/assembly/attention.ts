import { LOG2E, pow2 } from "./exp";
import { aligned, ALIGNMENT } from "./scratch";

// Attention over [heads · dHead, batch · seq] tensors, sixteen queries at a time: one tile [keys, 16] holds the scores of
// a head, then their powers, then the weights. SIMD lanes run along queries, so the softmax over keys has no sums across
// lanes. After AbsTopK three quarters of the keys and values are zero, and the two products visit the rest only.
//
// A sink adds exp(b) to the softmax denominator of its head and no value (reference: gpt-oss style learnable sink).

/** Queries in a tile: four v128, one cache line. */
export const QUERIES: i32 = 16;
export const LINE: usize = 64;
/** Of a listed nonzero: a byte offset (i32), then the value (f32). */
export const ENTRY: usize = 8;
const LAST: i32 = i32.MAX_VALUE;
/** A score whose exponential vanishes. */
const NOTHING: f32 = -1e30;

/** How many floats of scratch attention needs. */
export function attentionScratch(dHead: i32, seq: i32): i32 {
  return ALIGNMENT + QUERIES * (dHead + seq) + 2 * dHead * seq + seq + 2 * dHead * (seq + 1);
}

/** How many floats `attention` tells of its softmaxes: of each sixteen queries the largest scores and 1 / the sums. */
export function attentionSoftmaxes(heads: i32, batch: i32, seq: i32): i32 {
  return heads * batch * ((seq + QUERIES - 1) / QUERIES) * 2 * QUERIES;
}

/** `softmaxes` receives `attentionSoftmaxes` values, which the gradient needs. */
export function attention(
  q: usize,
  k: usize,
  v: usize,
  sinks: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  scratch: usize,
  y: usize,
  softmaxes: usize,
): void {
  const stride = <usize>(batch * seq) << 2;
  const queries = aligned(scratch);
  const tile = queries + <usize>dHead * LINE;
  const keys = tile + <usize>seq * LINE;
  const counts = keys + <usize>(dHead * seq) * ENTRY;
  const values = counts + (<usize>seq << 2);
  for (let h = 0; h < heads; h++) {
    for (let b = 0; b < batch; b++) {
      const base = <usize>(h * dHead) * stride + (<usize>(b * seq) << 2);
      listByKey(k + base, stride, dHead, seq, keys, counts);
      listByChannel(v + base, stride, dHead, seq, values);
      for (let t = 0; t < seq; t += QUERIES) {
        const n = causal ? min(t + QUERIES, seq) : seq;
        weigh(q + base, stride, dHead, seq, t, n, causal, sinkOf(sinks, h), keys, counts, queries, tile, softmaxes);
        softmaxes += 2 * LINE;
        mix(tile, values, dHead, seq, t, n, stride, y + base);
      }
    }
  }
}

/** pattern[h · seq + key, b · seq + query]: what each query gives to each key; the sink is not a row. */
export function attentionPattern(
  q: usize,
  k: usize,
  sinks: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  scratch: usize,
  pattern: usize,
): void {
  const stride = <usize>(batch * seq) << 2;
  const queries = aligned(scratch);
  const tile = queries + <usize>dHead * LINE;
  const keys = tile + <usize>seq * LINE;
  const counts = keys + <usize>(dHead * seq) * ENTRY;
  for (let h = 0; h < heads; h++) {
    for (let b = 0; b < batch; b++) {
      const first = <usize>(b * seq) << 2;
      const base = <usize>(h * dHead) * stride + first;
      listByKey(k + base, stride, dHead, seq, keys, counts);
      for (let t = 0; t < seq; t += QUERIES) {
        const n = causal ? min(t + QUERIES, seq) : seq;
        const width = <usize>min(QUERIES, seq - t) << 2;
        weigh(q + base, stride, dHead, seq, t, n, causal, sinkOf(sinks, h), keys, counts, queries, tile, 0);
        let row = pattern + <usize>(h * seq) * stride + first + (<usize>t << 2);
        for (let s = 0; s < seq; s++, row += stride) {
          if (s < n) memory.copy(row, tile + <usize>s * LINE, width);
          else memory.fill(row, 0, width);
        }
      }
    }
  }
}

/**
 * y = Σ_key pattern[h, key, query] · v[h, key]: attention with a given pattern. It sums as `attention` does, so that a
 * pattern that is only looked at leaves the result as it was, to the bit.
 */
export function attendWith(
  pattern: usize,
  v: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  scratch: usize,
  y: usize,
): void {
  const stride = <usize>(batch * seq) << 2;
  const tile = aligned(scratch);
  const values = tile + <usize>seq * LINE;
  for (let h = 0; h < heads; h++) {
    for (let b = 0; b < batch; b++) {
      const first = <usize>(b * seq) << 2;
      const base = <usize>(h * dHead) * stride + first;
      listByChannel(v + base, stride, dHead, seq, values);
      for (let t = 0; t < seq; t += QUERIES) {
        const n = causal ? min(t + QUERIES, seq) : seq;
        const width = min(QUERIES, seq - t);
        let row = pattern + <usize>(h * seq) * stride + first + (<usize>t << 2);
        for (let s = 0; s < n; s++, row += stride) {
          const line = tile + <usize>s * LINE;
          memory.copy(line, row, <usize>width << 2);
          // A query gives nothing to what comes after it.
          if (causal && s > t) memory.fill(line, 0, <usize>(s - t) << 2);
        }
        mix(tile, values, dHead, seq, t, n, stride, y + base);
      }
    }
  }
}

/** The sink of a head in powers of two, or none (`sinks` = 0). */
// @ts-ignore: decorator
@inline
export function sinkOf(sinks: usize, head: i32): f32 {
  return sinks ? load<f32>(sinks + (<usize>head << 2)) * LOG2E : NOTHING;
}

/** For each of n columns of x [channels, n]: how many values are not zero, and these: (channel · 64, value). */
export function listByKey(x: usize, stride: usize, channels: i32, n: i32, lists: usize, counts: usize): void {
  memory.fill(counts, 0, <usize>n << 2);
  for (let c = 0; c < channels; c++, x += stride) {
    const zero = f32x4.splat(0);
    let s: i32 = 0;
    for (; s + 4 <= n; s += 4) {
      let mask = i32x4.bitmask(f32x4.ne(v128.load(x + (<usize>s << 2)), zero));
      while (mask) {
        append(x, s + ctz(mask), c, channels, lists, counts);
        mask &= mask - 1;
      }
    }
    for (; s < n; s++) if (load<f32>(x + (<usize>s << 2)) != 0) append(x, s, c, channels, lists, counts);
  }
}

// @ts-ignore: decorator
@inline
function append(x: usize, s: i32, c: i32, channels: i32, lists: usize, counts: usize): void {
  const count = counts + (<usize>s << 2);
  const listed = load<i32>(count);
  const entry = lists + <usize>(s * channels + listed) * ENTRY;
  store<i32>(entry, c << 6);
  store<f32>(entry, load<f32>(x + (<usize>s << 2)), 4);
  store<i32>(count, listed + 1);
}

/** For each channel of x [channels, n] the values that are not zero: (token · 64, value), and an end mark. */
export function listByChannel(x: usize, stride: usize, channels: i32, n: i32, lists: usize): void {
  const zero = f32x4.splat(0);
  for (let c = 0; c < channels; c++, x += stride) {
    let entry = lists + <usize>(c * (n + 1)) * ENTRY;
    let s: i32 = 0;
    for (; s + 4 <= n; s += 4) {
      let mask = i32x4.bitmask(f32x4.ne(v128.load(x + (<usize>s << 2)), zero));
      for (; mask; mask &= mask - 1, entry += ENTRY) {
        const token = s + ctz(mask);
        store<i32>(entry, token << 6);
        store<f32>(entry, load<f32>(x + (<usize>token << 2)), 4);
      }
    }
    for (; s < n; s++) {
      const value = load<f32>(x + (<usize>s << 2));
      if (value == 0) continue;
      store<i32>(entry, s << 6);
      store<f32>(entry, value, 4);
      entry += ENTRY;
    }
    store<i32>(entry, LAST);
  }
}

/**
 * tile[s, j] = the weight that query t + j gives to key s, s < n. Scores are in powers of two: the queries carry log₂ e.
 * Lanes past the end of the sequence hold queries of zeros. `softmaxes` receives the largest scores and what powers
 * are multiplied by, or is 0.
 */
function weigh(
  q: usize,
  stride: usize,
  dHead: i32,
  seq: i32,
  t: i32,
  n: i32,
  causal: i32,
  sink: f32,
  keys: usize,
  counts: usize,
  queries: usize,
  tile: usize,
  softmaxes: usize,
): void {
  packQueries(q + (<usize>t << 2), stride, dHead, min(QUERIES, seq - t), queries);
  let m0 = f32x4.splat(sink);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  let line = tile;
  for (let s = 0; s < n; s++, line += LINE) {
    let entry = keys + <usize>(s * dHead) * ENTRY;
    const end = entry + <usize>load<i32>(counts + (<usize>s << 2)) * ENTRY;
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (; entry < end; entry += ENTRY) {
      const p = queries + <usize>load<u32>(entry);
      const w = v128.load32_splat(entry, 4);
      a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
      a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
      a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
      a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
    }
    if (causal && s > t) {
      const first = i32x4.splat(s - t);
      a0 = seen(a0, i32x4(0, 1, 2, 3), first);
      a1 = seen(a1, i32x4(4, 5, 6, 7), first);
      a2 = seen(a2, i32x4(8, 9, 10, 11), first);
      a3 = seen(a3, i32x4(12, 13, 14, 15), first);
    }
    m0 = f32x4.pmax(m0, a0);
    m1 = f32x4.pmax(m1, a1);
    m2 = f32x4.pmax(m2, a2);
    m3 = f32x4.pmax(m3, a3);
    v128.store(line, a0);
    v128.store(line, a1, 16);
    v128.store(line, a2, 32);
    v128.store(line, a3, 48);
  }
  const sinks = f32x4.splat(sink);
  let d0 = pow2(f32x4.sub(sinks, m0));
  let d1 = pow2(f32x4.sub(sinks, m1));
  let d2 = pow2(f32x4.sub(sinks, m2));
  let d3 = pow2(f32x4.sub(sinks, m3));
  line = tile;
  for (let s = 0; s < n; s++, line += LINE) {
    const e0 = pow2(f32x4.sub(v128.load(line), m0));
    const e1 = pow2(f32x4.sub(v128.load(line, 16), m1));
    d0 = f32x4.add(d0, e0);
    d1 = f32x4.add(d1, e1);
    v128.store(line, e0);
    v128.store(line, e1, 16);
    const e2 = pow2(f32x4.sub(v128.load(line, 32), m2));
    const e3 = pow2(f32x4.sub(v128.load(line, 48), m3));
    d2 = f32x4.add(d2, e2);
    d3 = f32x4.add(d3, e3);
    v128.store(line, e2, 32);
    v128.store(line, e3, 48);
  }
  const one = f32x4.splat(1);
  d0 = f32x4.div(one, d0);
  d1 = f32x4.div(one, d1);
  d2 = f32x4.div(one, d2);
  d3 = f32x4.div(one, d3);
  if (softmaxes) {
    v128.store(softmaxes, m0);
    v128.store(softmaxes, m1, 16);
    v128.store(softmaxes, m2, 32);
    v128.store(softmaxes, m3, 48);
    v128.store(softmaxes, d0, 64);
    v128.store(softmaxes, d1, 80);
    v128.store(softmaxes, d2, 96);
    v128.store(softmaxes, d3, 112);
  }
  line = tile;
  for (let s = 0; s < n; s++, line += LINE) {
    v128.store(line, f32x4.mul(v128.load(line), d0));
    v128.store(line, f32x4.mul(v128.load(line, 16), d1), 16);
    v128.store(line, f32x4.mul(v128.load(line, 32), d2), 32);
    v128.store(line, f32x4.mul(v128.load(line, 48), d3), 48);
  }
}

/** Scores of the queries from the first one on that sees the key. */
// @ts-ignore: decorator
@inline
export function seen(scores: v128, queries: v128, first: v128): v128 {
  return v128.bitselect(scores, f32x4.splat(NOTHING), i32x4.ge_s(queries, first));
}

/** queries[c, j] = q[c, j] · log₂ e / √dHead, [dHead, 16]; zero from `width` on. */
export function packQueries(q: usize, stride: usize, dHead: i32, width: i32, queries: usize): void {
  const scale: f32 = LOG2E / sqrt<f32>(<f32>dHead);
  for (let c = 0; c < dHead; c++, q += stride, queries += LINE) {
    for (let j = 0; j < QUERIES; j++) {
      store<f32>(queries + (<usize>j << 2), j < width ? load<f32>(q + (<usize>j << 2)) * scale : 0);
    }
  }
}

/** y[c, t + j] = Σ_{s < n} tile[s, j] · v[c, s]. */
export function mix(tile: usize, values: usize, dHead: i32, seq: i32, t: i32, n: i32, stride: usize, y: usize): void {
  const width = min(QUERIES, seq - t);
  const limit = n << 6;
  let out = y + (<usize>t << 2);
  for (let c = 0; c < dHead; c++, out += stride) {
    let entry = values + <usize>(c * (seq + 1)) * ENTRY;
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let at = load<i32>(entry); at < limit; at = load<i32>(entry)) {
      const p = tile + <usize>at;
      const w = v128.load32_splat(entry, 4);
      a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
      a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
      a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
      a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
      entry += ENTRY;
    }
    if (width < QUERIES) {
      storeSome(out, a0, width);
      storeSome(out + 16, a1, width - 4);
      storeSome(out + 32, a2, width - 8);
      storeSome(out + 48, a3, width - 12);
    } else {
      v128.store(out, a0);
      v128.store(out, a1, 16);
      v128.store(out, a2, 32);
      v128.store(out, a3, 48);
    }
  }
}

/** Stores the first `count` lanes. */
function storeSome(p: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(p, x);
  else {
    if (count > 0) store<f32>(p, f32x4.extract_lane(x, 0));
    if (count > 1) store<f32>(p, f32x4.extract_lane(x, 1), 4);
    if (count > 2) store<f32>(p, f32x4.extract_lane(x, 2), 8);
  }
}
