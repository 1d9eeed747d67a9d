import { ENTRY, LINE, listByChannel, listByKey, mix, packQueries, QUERIES, seen, sinkOf } from "./attention";
import { pow2 } from "./exp";
import { sumLanes } from "./lanes";
import { turn } from "./matmul";
import { aligned, ALIGNMENT } from "./scratch";

// The gradient of attention over [heads · dHead, batch · seq] tensors, sixteen queries at a time as in the forward pass.
// One tile [keys, 16] holds the weights, another their gradients and then those of the scores. What sums over keys
// (gradients of queries) goes along lanes of queries and through the lists of nonzero keys; what sums over queries
// (gradients of keys and values) goes along lanes of channels, into rows [keys, channels] that are turned at the end.

/** Channels side by side in such rows: four v128. */
const CHANNELS: i32 = 16;

/** dHead, filled up to whole vectors. */
// @ts-ignore: decorator
@inline
function paddedChannels(dHead: i32): i32 {
  return ((dHead + CHANNELS - 1) / CHANNELS) * CHANNELS;
}

/** How many floats of scratch the gradient needs. */
export function attentionGradScratch(dHead: i32, seq: i32): i32 {
  const tiles = QUERIES * (2 * dHead + 1 + 2 * seq);
  const lists = 2 * (2 * dHead * seq + seq) + 2 * dHead * (seq + 1);
  return ALIGNMENT + tiles + lists + 2 * paddedChannels(dHead) * (seq + QUERIES);
}

/** `softmaxes` are those that `attention` found. */
export function attentionGrad(
  q: usize,
  k: usize,
  v: usize,
  sinks: usize,
  softmaxes: usize,
  dy: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  scratch: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  dsinks: usize,
): void {
  const stride = <usize>(batch * seq) << 2;
  const pitch = <usize>paddedChannels(dHead) << 2;
  const queries = aligned(scratch);
  const slopes = queries + <usize>dHead * LINE;
  const means = slopes + <usize>dHead * LINE;
  const tile = means + LINE;
  const dtile = tile + <usize>seq * LINE;
  const turnedQueries = dtile + <usize>seq * LINE;
  const turnedSlopes = turnedQueries + <usize>QUERIES * pitch;
  const keyRows = turnedSlopes + <usize>QUERIES * pitch;
  const valueRows = keyRows + <usize>seq * pitch;
  const keys = valueRows + <usize>seq * pitch;
  const keyCounts = keys + <usize>(dHead * seq) * ENTRY;
  const values = keyCounts + (<usize>seq << 2);
  const valueCounts = values + <usize>(dHead * seq) * ENTRY;
  const channels = valueCounts + (<usize>seq << 2);
  // Lanes past dHead are computed with and never read; zeros keep them fast.
  memory.fill(turnedQueries, 0, 2 * <usize>QUERIES * pitch);
  for (let h = 0; h < heads; h++) {
    let dsink: f32 = 0;
    for (let b = 0; b < batch; b++) {
      const base = <usize>(h * dHead) * stride + (<usize>(b * seq) << 2);
      listByKey(k + base, stride, dHead, seq, keys, keyCounts);
      listByKey(v + base, stride, dHead, seq, values, valueCounts);
      listByChannel(k + base, stride, dHead, seq, channels);
      memory.fill(keyRows, 0, 2 * <usize>seq * pitch);
      for (let t = 0; t < seq; t += QUERIES) {
        const n = causal ? min(t + QUERIES, seq) : seq;
        const width = min(QUERIES, seq - t);
        const at = base + (<usize>t << 2);
        packQueries(q + at, stride, dHead, width, queries);
        packColumns(dy + at, stride, dHead, width, slopes);
        const first = causal ? t : seq;
        weighAgain(queries, slopes, keys, keyCounts, values, valueCounts, dHead, n, first, softmaxes, means, tile, dtile);
        toScores(dHead, n, means, tile, dtile);
        dsink += sinkSlope(sinkOf(sinks, h), softmaxes, means);
        softmaxes += 2 * LINE;
        mix(dtile, channels, dHead, seq, t, n, stride, dq + base);
        turn(q + at, dHead, width, stride, turnedQueries, pitch);
        turn(dy + at, dHead, width, stride, turnedSlopes, pitch);
        for (let c: usize = 0; c < pitch; c += LINE) {
          addToKeys(dtile, n, width, first, turnedQueries + c, pitch, keyRows + c);
          addToKeys(tile, n, width, first, turnedSlopes + c, pitch, valueRows + c);
        }
      }
      turn(keyRows, seq, dHead, pitch, dk + base, stride);
      turn(valueRows, seq, dHead, pitch, dv + base, stride);
    }
    if (dsinks) store<f32>(dsinks + (<usize>h << 2), dsink);
  }
}

/** Sixteen columns of x side by side, [channels, 16]; zeros from `width` on. */
function packColumns(x: usize, stride: usize, channels: i32, width: i32, out: usize): void {
  if (width < QUERIES) memory.fill(out, 0, <usize>channels * LINE);
  for (let c = 0; c < channels; c++, x += stride, out += LINE) memory.copy(out, x, <usize>width << 2);
}

/**
 * tile[s, j] = the weight that query j gives to key s, by the softmax that the forward pass found, and dtile[s, j] = its
 * gradient, from those of the query's outputs, `slopes` [dHead, 16]. Query j sees the keys up to first + j. `means`
 * receives Σ_s tile · dtile.
 */
function weighAgain(
  queries: usize,
  slopes: usize,
  keys: usize,
  keyCounts: usize,
  values: usize,
  valueCounts: usize,
  dHead: i32,
  n: i32,
  first: i32,
  softmaxes: usize,
  means: usize,
  tile: usize,
  dtile: usize,
): void {
  memory.fill(means, 0, LINE);
  for (let s = 0; s < n; s++, tile += LINE, dtile += LINE) {
    let entry = keys + <usize>(s * dHead) * ENTRY;
    let end = entry + <usize>load<i32>(keyCounts + (<usize>s << 2)) * ENTRY;
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
    if (s > first) {
      const seeing = i32x4.splat(s - first);
      a0 = seen(a0, i32x4(0, 1, 2, 3), seeing);
      a1 = seen(a1, i32x4(4, 5, 6, 7), seeing);
      a2 = seen(a2, i32x4(8, 9, 10, 11), seeing);
      a3 = seen(a3, i32x4(12, 13, 14, 15), seeing);
    }
    a0 = f32x4.mul(pow2(f32x4.sub(a0, v128.load(softmaxes))), v128.load(softmaxes, 64));
    a1 = f32x4.mul(pow2(f32x4.sub(a1, v128.load(softmaxes, 16))), v128.load(softmaxes, 80));
    a2 = f32x4.mul(pow2(f32x4.sub(a2, v128.load(softmaxes, 32))), v128.load(softmaxes, 96));
    a3 = f32x4.mul(pow2(f32x4.sub(a3, v128.load(softmaxes, 48))), v128.load(softmaxes, 112));
    v128.store(tile, a0);
    v128.store(tile, a1, 16);
    v128.store(tile, a2, 32);
    v128.store(tile, a3, 48);
    entry = values + <usize>(s * dHead) * ENTRY;
    end = entry + <usize>load<i32>(valueCounts + (<usize>s << 2)) * ENTRY;
    let b0 = f32x4.splat(0);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    for (; entry < end; entry += ENTRY) {
      const p = slopes + <usize>load<u32>(entry);
      const w = v128.load32_splat(entry, 4);
      b0 = f32x4.add(b0, f32x4.mul(w, v128.load(p)));
      b1 = f32x4.add(b1, f32x4.mul(w, v128.load(p, 16)));
      b2 = f32x4.add(b2, f32x4.mul(w, v128.load(p, 32)));
      b3 = f32x4.add(b3, f32x4.mul(w, v128.load(p, 48)));
    }
    v128.store(dtile, b0);
    v128.store(dtile, b1, 16);
    v128.store(dtile, b2, 32);
    v128.store(dtile, b3, 48);
    v128.store(means, f32x4.add(v128.load(means), f32x4.mul(a0, b0)));
    v128.store(means, f32x4.add(v128.load(means, 16), f32x4.mul(a1, b1)), 16);
    v128.store(means, f32x4.add(v128.load(means, 32), f32x4.mul(a2, b2)), 32);
    v128.store(means, f32x4.add(v128.load(means, 48), f32x4.mul(a3, b3)), 48);
  }
}

/** dtile becomes the gradient of the scores: weight · (d weight − Σ weight · d weight) / √dHead. */
function toScores(dHead: i32, n: i32, means: usize, tile: usize, dtile: usize): void {
  const scale = f32x4.splat(1 / sqrt<f32>(<f32>dHead));
  const m0 = v128.load(means);
  const m1 = v128.load(means, 16);
  const m2 = v128.load(means, 32);
  const m3 = v128.load(means, 48);
  const end = dtile + <usize>n * LINE;
  for (; dtile < end; tile += LINE, dtile += LINE) {
    v128.store(dtile, f32x4.mul(f32x4.mul(v128.load(tile), scale), f32x4.sub(v128.load(dtile), m0)));
    v128.store(dtile, f32x4.mul(f32x4.mul(v128.load(tile, 16), scale), f32x4.sub(v128.load(dtile, 16), m1)), 16);
    v128.store(dtile, f32x4.mul(f32x4.mul(v128.load(tile, 32), scale), f32x4.sub(v128.load(dtile, 32), m2)), 32);
    v128.store(dtile, f32x4.mul(f32x4.mul(v128.load(tile, 48), scale), f32x4.sub(v128.load(dtile, 48), m3)), 48);
  }
}

/** Σ_j of what query j gives to the sink times −means[j]: the gradient of the sink, whose own d weight is 0. */
function sinkSlope(sink: f32, softmaxes: usize, means: usize): f32 {
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < LINE; at += 16) {
    const power = pow2(f32x4.sub(f32x4.splat(sink), v128.load(softmaxes + at)));
    sum = f32x4.sub(sum, f32x4.mul(f32x4.mul(power, v128.load(softmaxes + at, 64)), v128.load(means + at)));
  }
  return sumLanes(sum);
}

/**
 * For sixteen channels: rows[s] += Σ_j tile[s, j] · columns[j], two keys at a time. Query j sees the keys up to
 * first + j, and later ones weigh nothing.
 */
function addToKeys(tile: usize, n: i32, width: i32, first: i32, columns: usize, pitch: usize, rows: usize): void {
  let s: i32 = 0;
  for (; s + 2 <= n; s += 2, tile += 2 * LINE, rows += 2 * pitch) {
    const next = rows + pitch;
    let a0 = v128.load(rows);
    let a1 = v128.load(rows, 16);
    let a2 = v128.load(rows, 32);
    let a3 = v128.load(rows, 48);
    let b0 = v128.load(next);
    let b1 = v128.load(next, 16);
    let b2 = v128.load(next, 32);
    let b3 = v128.load(next, 48);
    const from = max(0, s - first);
    let p = columns + <usize>from * pitch;
    const end = tile + (<usize>width << 2);
    for (let at = tile + (<usize>from << 2); at < end; at += 4, p += pitch) {
      const v = v128.load32_splat(at);
      const w = v128.load32_splat(at, 64);
      const c0 = v128.load(p);
      a0 = f32x4.add(a0, f32x4.mul(v, c0));
      b0 = f32x4.add(b0, f32x4.mul(w, c0));
      const c1 = v128.load(p, 16);
      a1 = f32x4.add(a1, f32x4.mul(v, c1));
      b1 = f32x4.add(b1, f32x4.mul(w, c1));
      const c2 = v128.load(p, 32);
      a2 = f32x4.add(a2, f32x4.mul(v, c2));
      b2 = f32x4.add(b2, f32x4.mul(w, c2));
      const c3 = v128.load(p, 48);
      a3 = f32x4.add(a3, f32x4.mul(v, c3));
      b3 = f32x4.add(b3, f32x4.mul(w, c3));
    }
    v128.store(rows, a0);
    v128.store(rows, a1, 16);
    v128.store(rows, a2, 32);
    v128.store(rows, a3, 48);
    v128.store(next, b0);
    v128.store(next, b1, 16);
    v128.store(next, b2, 32);
    v128.store(next, b3, 48);
  }
  if (s == n) return;
  for (let j = max(0, s - first); j < width; j++) {
    const w = v128.load32_splat(tile + (<usize>j << 2));
    const p = columns + <usize>j * pitch;
    for (let at: usize = 0; at < LINE; at += 16) {
      v128.store(rows + at, f32x4.add(v128.load(rows + at), f32x4.mul(w, v128.load(p + at))));
    }
  }
}
