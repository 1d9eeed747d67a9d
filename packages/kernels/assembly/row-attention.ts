import { LOG2E, pow2 } from "./exp";
import { LINE, sinkOf } from "./attention";

// Attention of single queries, each of which has keys of its own choosing: rows of many sequences that differ from runs
// known already in a few tokens. Keys and values lie token by token, [tokens][dHead][lanes], with heads side by side in
// the lanes (padded to four). Every head adds up in the order of `attention`, so the results are equal to the bit.

/** Heads, filled up to whole vectors. */
export function headLanes(heads: i32): i32 {
  return (heads + 3) & ~3;
}

/** x[h · dHead + c] of a token lies `channelStep` floats from its next channel and `tokenStep` floats from the next token's. */
export function layInLanes(
  x: usize,
  channelStep: i32,
  tokenStep: i32,
  heads: i32,
  dHead: i32,
  tokens: i32,
  out: usize,
): void {
  const lanes = headLanes(heads);
  memory.fill(out, 0, <usize>(tokens * dHead * lanes) << 2);
  const step = <usize>channelStep << 2;
  for (let t = 0; t < tokens; t++) {
    let p = x + (<usize>(t * tokenStep) << 2);
    for (let h = 0; h < heads; h++) {
      let q = out + (<usize>h << 2);
      for (let c = 0; c < dHead; c++, p += step, q += <usize>lanes << 2) store<f32>(q, load<f32>(p));
    }
    out += <usize>(dHead * lanes) << 2;
  }
}

/** Floats of scratch: a query in lanes, and where its keys lie. */
export function rowAttentionScratch(heads: i32, dHead: i32, longest: i32): i32 {
  return headLanes(heads) * (dHead + 2) + longest;
}

/** Where a token of a list lies: in `known`, or from its `knownTokens`-th on in `fresh`. */
// @ts-ignore: decorator
@inline
function place(token: i32, known: usize, knownTokens: i32, fresh: usize, size: usize): usize {
  return token < knownTokens ? known + <usize>token * size : fresh + <usize>(token - knownTokens) * size;
}

/** weights[entry][lanes]: what row r of q [heads · dHead, rows] gives to each key of its list, entries starts[r] to starts[r + 1]. */
export function rowPattern(
  q: usize,
  rows: i32,
  sinks: usize,
  heads: i32,
  dHead: i32,
  starts: usize,
  keys: usize,
  known: usize,
  knownTokens: i32,
  fresh: usize,
  scratch: usize,
  weights: usize,
): void {
  const lanes = headLanes(heads);
  const width = <usize>lanes << 2;
  const size = width * <usize>dHead;
  const query = scratch;
  const largest = query + size;
  const sums = largest + width;
  const scale: f32 = LOG2E / sqrt<f32>(<f32>dHead);
  memory.fill(query, 0, size);
  for (let r = 0; r < rows; r++) {
    let p = q + (<usize>r << 2);
    for (let h = 0; h < heads; h++) {
      let to = query + (<usize>h << 2);
      for (let c = 0; c < dHead; c++, p += <usize>rows << 2, to += width) store<f32>(to, load<f32>(p) * scale);
    }
    for (let h = 0; h < lanes; h++) {
      store<f32>(largest + (<usize>h << 2), h < heads ? sinkOf(sinks, h) : 0);
    }
    memory.copy(sums, largest, width);
    const begin = load<i32>(starts + (<usize>r << 2));
    const end = load<i32>(starts + (<usize>(r + 1) << 2));
    for (let e = begin; e < end; e++) {
      const key = place(load<i32>(keys + (<usize>e << 2)), known, knownTokens, fresh, size);
      score(query, key, size, width, weights + <usize>e * width, largest);
    }
    for (let g: usize = 0; g < width; g += 16) {
      const m = v128.load(largest + g);
      let d = pow2(f32x4.sub(v128.load(sums + g), m));
      for (let e = begin; e < end; e++) {
        const at = weights + <usize>e * width + g;
        const power = pow2(f32x4.sub(v128.load(at), m));
        d = f32x4.add(d, power);
        v128.store(at, power);
      }
      d = f32x4.div(f32x4.splat(1), d);
      for (let e = begin; e < end; e++) {
        const at = weights + <usize>e * width + g;
        v128.store(at, f32x4.mul(v128.load(at), d));
      }
    }
  }
}

/** scores[lanes] = Σ_c key · query, and the largest so far. */
function score(query: usize, key: usize, size: usize, width: usize, scores: usize, largest: usize): void {
  let g: usize = 0;
  for (; g + LINE <= width; g += LINE) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let c = g; c < size; c += width) {
      a0 = f32x4.add(a0, f32x4.mul(v128.load(key + c), v128.load(query + c)));
      a1 = f32x4.add(a1, f32x4.mul(v128.load(key + c, 16), v128.load(query + c, 16)));
      a2 = f32x4.add(a2, f32x4.mul(v128.load(key + c, 32), v128.load(query + c, 32)));
      a3 = f32x4.add(a3, f32x4.mul(v128.load(key + c, 48), v128.load(query + c, 48)));
    }
    v128.store(scores + g, a0);
    v128.store(scores + g, a1, 16);
    v128.store(scores + g, a2, 32);
    v128.store(scores + g, a3, 48);
  }
  for (; g < width; g += 16) {
    let a = f32x4.splat(0);
    for (let c = g; c < size; c += width) a = f32x4.add(a, f32x4.mul(v128.load(key + c), v128.load(query + c)));
    v128.store(scores + g, a);
  }
  for (g = 0; g < width; g += 16) {
    v128.store(largest + g, f32x4.pmax(v128.load(largest + g), v128.load(scores + g)));
  }
}

/** y[h · dHead + c, r] = Σ over the entries of row r of weight · value. */
export function mixRows(
  weights: usize,
  rows: i32,
  heads: i32,
  dHead: i32,
  starts: usize,
  values: usize,
  known: usize,
  knownTokens: i32,
  fresh: usize,
  scratch: usize,
  y: usize,
): void {
  const lanes = headLanes(heads);
  const width = <usize>lanes << 2;
  const size = width * <usize>dHead;
  const mixed = scratch;
  const places = scratch + width;
  for (let r = 0; r < rows; r++) {
    const begin = load<i32>(starts + (<usize>r << 2));
    const end = load<i32>(starts + (<usize>(r + 1) << 2));
    const count = end - begin;
    for (let j = 0; j < count; j++) {
      const token = load<i32>(values + (<usize>(begin + j) << 2));
      store<usize>(places + (<usize>j << 2), place(token, known, knownTokens, fresh, size));
    }
    const first = weights + <usize>begin * width;
    for (let c = 0; c < dHead; c++) {
      mixChannel(first, places, count, <usize>c * width, width, mixed);
      let out = y + (<usize>(c * rows + r) << 2);
      for (let h = 0; h < heads; h++, out += <usize>(dHead * rows) << 2) {
        store<f32>(out, load<f32>(mixed + (<usize>h << 2)));
      }
    }
  }
}

/** mixed[lanes] = Σ_j weights[j][lanes] · (the value at places[j] + at)[lanes]. */
function mixChannel(weights: usize, places: usize, count: i32, at: usize, width: usize, mixed: usize): void {
  let g: usize = 0;
  for (; g + LINE <= width; g += LINE) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let w = weights + g;
    for (let j = 0; j < count; j++, w += width) {
      const v = load<usize>(places + (<usize>j << 2)) + at + g;
      a0 = f32x4.add(a0, f32x4.mul(v128.load(w), v128.load(v)));
      a1 = f32x4.add(a1, f32x4.mul(v128.load(w, 16), v128.load(v, 16)));
      a2 = f32x4.add(a2, f32x4.mul(v128.load(w, 32), v128.load(v, 32)));
      a3 = f32x4.add(a3, f32x4.mul(v128.load(w, 48), v128.load(v, 48)));
    }
    v128.store(mixed + g, a0);
    v128.store(mixed + g, a1, 16);
    v128.store(mixed + g, a2, 32);
    v128.store(mixed + g, a3, 48);
  }
  for (; g < width; g += 16) {
    let a = f32x4.splat(0);
    let w = weights + g;
    for (let j = 0; j < count; j++, w += width) {
      const v = load<usize>(places + (<usize>j << 2)) + at + g;
      a = f32x4.add(a, f32x4.mul(v128.load(w), v128.load(v)));
    }
    v128.store(mixed + g, a);
  }
}

/**
 * out[channel, j] = x[channel, columns[j]] where columns[j] ≥ 0; else the channel of the token-major row ~columns[j] of
 * `others` [rows, channels].
 */
export function gatherColumns(
  x: usize,
  tokens: i32,
  others: usize,
  channels: i32,
  columns: usize,
  count: i32,
  out: usize,
): void {
  for (let j0 = 0; j0 < count; j0 += 16) {
    const j1 = min(j0 + 16, count);
    for (let j = j0; j < j1; j++) {
      const column = load<i32>(columns + (<usize>j << 2));
      const known = column >= 0;
      let p = known ? x + (<usize>column << 2) : others + (<usize>(~column * channels) << 2);
      const step: usize = known ? <usize>tokens << 2 : 4;
      let q = out + (<usize>j << 2);
      for (let c = 0; c < channels; c++, p += step, q += <usize>count << 2) store<f32>(q, load<f32>(p));
    }
  }
}
