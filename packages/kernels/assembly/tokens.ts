import { exp1, exp4, log64 } from "./exp";

// Operations that look up or score tokens.

/** out[c, t] = table[ids[t], c]: an embedding, channels-major. */
export function embed(table: usize, ids: usize, channels: i32, tokens: i32, out: usize): void {
  turnRows(table, ids, channels, tokens, false, out);
}

/** out[c, t] += table[ids[t], c]. */
export function addDenseRows(table: usize, ids: usize, channels: i32, tokens: i32, out: usize): void {
  turnRows(table, ids, channels, tokens, true, out);
}

/** Rows of a table become columns, sixteen at a time (one cache line of `out`) and in tiles of 4×4 held in registers. */
// @ts-ignore: decorator
@inline
function turnRows(table: usize, ids: usize, channels: i32, tokens: i32, add: bool, out: usize): void {
  const stride = <usize>tokens << 2;
  const pitch = <usize>channels << 2;
  for (let start = 0; start < tokens; start += 16) {
    const end = min(start + 16, tokens);
    for (let c = 0; c < channels; c += 4) {
      let t = start;
      if (c + 4 <= channels) {
        for (; t + 4 <= end; t += 4) {
          const id = ids + (<usize>t << 2);
          const from = table + (<usize>c << 2);
          const p = out + <usize>c * stride + (<usize>t << 2);
          const r0 = v128.load(from + <usize>load<i32>(id) * pitch);
          const r1 = v128.load(from + <usize>load<i32>(id, 4) * pitch);
          const r2 = v128.load(from + <usize>load<i32>(id, 8) * pitch);
          const r3 = v128.load(from + <usize>load<i32>(id, 12) * pitch);
          const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
          const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
          const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
          const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
          put(p, v128.shuffle<i64>(low01, low23, 0, 2), add);
          put(p + stride, v128.shuffle<i64>(low01, low23, 1, 3), add);
          put(p + 2 * stride, v128.shuffle<i64>(high01, high23, 0, 2), add);
          put(p + 3 * stride, v128.shuffle<i64>(high01, high23, 1, 3), add);
        }
      }
      for (; t < end; t++) {
        const row = table + <usize>load<i32>(ids + (<usize>t << 2)) * pitch;
        for (let channel = c; channel < min(c + 4, channels); channel++) {
          const p = out + <usize>channel * stride + (<usize>t << 2);
          const value = load<f32>(row + (<usize>channel << 2));
          store<f32>(p, add ? load<f32>(p) + value : value);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function put(p: usize, value: v128, add: bool): void {
  v128.store(p, add ? f32x4.add(v128.load(p), value) : value);
}

/** dtable[ids[t], c] += dy[c, t]; dtable must be zero on entry. */
export function embedGrad(ids: usize, dy: usize, channels: i32, tokens: i32, dtable: usize): void {
  const stride = (<usize>tokens) << 2;
  for (let t = 0; t < tokens; t++) {
    const row = dtable + ((<usize>(load<i32>(ids + ((<usize>t) << 2)) * channels)) << 2);
    const column = dy + ((<usize>t) << 2);
    for (let c = 0; c < channels; c++) {
      const p = row + ((<usize>c) << 2);
      store<f32>(p, load<f32>(p) + load<f32>(column + <usize>c * stride));
    }
  }
}

/** Outputs and tokens that addTableRows goes through together, so that their cache lines stay near. */
const OUTPUTS_AT_ONCE: i32 = 128;
const TOKENS_AT_ONCE: i32 = 16;

/**
 * out[j, t] += table[ids[t], j] for a compressed table [vocab, outputs]; `out` already holds the logits. `cursors` is
 * scratch for 16 values.
 */
export function addTableRows(
  rowStarts: usize,
  columns: usize,
  values: usize,
  ids: usize,
  outputs: i32,
  tokens: i32,
  cursors: usize,
  out: usize,
): void {
  const stride = <usize>tokens << 2;
  for (let t = 0; t < tokens; t += TOKENS_AT_ONCE) {
    const width = min(TOKENS_AT_ONCE, tokens - t);
    for (let i = 0; i < width; i++) {
      const id = load<i32>(ids + (<usize>(t + i) << 2));
      store<i32>(cursors + (<usize>i << 2), load<i32>(rowStarts + (<usize>id << 2)));
    }
    for (let limit = min(OUTPUTS_AT_ONCE, outputs); ; limit = min(limit + OUTPUTS_AT_ONCE, outputs)) {
      for (let i = 0; i < width; i++) {
        const cursor = cursors + (<usize>i << 2);
        const end = load<i32>(rowStarts + (<usize>load<i32>(ids + (<usize>(t + i) << 2)) << 2), 4);
        const column = out + (<usize>(t + i) << 2);
        let k = load<i32>(cursor);
        for (; k < end; k++) {
          const j = load<i32>(columns + (<usize>k << 2));
          if (j >= limit) break;
          const p = column + <usize>j * stride;
          store<f32>(p, load<f32>(p) + load<f32>(values + (<usize>k << 2)));
        }
        store<i32>(cursor, k);
      }
      if (limit == outputs) break;
    }
  }
}

/**
 * loss[t] = log Σ_j exp(logits[j, t]) − logits[targets[t], t]; `logSum` [tokens] keeps the first term. Rows are read from
 * end to end, some side by side: the largest logits first, then the sums.
 */
export function crossEntropy(
  logits: usize,
  targets: usize,
  outputs: i32,
  tokens: i32,
  loss: usize,
  logSum: usize,
): void {
  const stride = (<usize>tokens) << 2;
  memory.copy(logSum, logits, stride);
  for (let j = 0; j < outputs; j += ROWS_AT_ONCE) {
    takeLargest(logits, j, min(j + ROWS_AT_ONCE, outputs), tokens, logSum);
  }
  memory.fill(loss, 0, stride);
  for (let j = 0; j < outputs; j += ROWS_AT_ONCE) {
    addPowers(logits, j, min(j + ROWS_AT_ONCE, outputs), tokens, logSum, loss);
  }
  for (let t = 0; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const total: f32 = load<f32>(logSum + at) + <f32>log64(load<f32>(loss + at));
    store<f32>(logSum + at, total);
    store<f32>(loss + at, total - load<f32>(logits + <usize>load<i32>(targets + at) * stride + at));
  }
}

const ROWS_AT_ONCE: i32 = 8;

/** largest[t] = max(largest[t], logits[j, t]) for some j. */
function takeLargest(logits: usize, first: i32, end: i32, tokens: i32, largest: usize): void {
  const stride = (<usize>tokens) << 2;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = (<usize>t) << 2;
    let most = v128.load(largest + at);
    for (let j = first; j < end; j++) most = f32x4.max(most, v128.load(logits + <usize>j * stride + at));
    v128.store(largest + at, most);
  }
  for (; t < tokens; t++) {
    const at = (<usize>t) << 2;
    let most = load<f32>(largest + at);
    for (let j = first; j < end; j++) most = max(most, load<f32>(logits + <usize>j * stride + at));
    store<f32>(largest + at, most);
  }
}

/** sums[t] += Σ_j exp(logits[j, t] − largest[t]) over some j. */
function addPowers(logits: usize, first: i32, end: i32, tokens: i32, largest: usize, sums: usize): void {
  const stride = (<usize>tokens) << 2;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = (<usize>t) << 2;
    const most = v128.load(largest + at);
    let sum = v128.load(sums + at);
    for (let j = first; j < end; j++) {
      sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(logits + <usize>j * stride + at), most)));
    }
    v128.store(sums + at, sum);
  }
  for (; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const most = load<f32>(largest + at);
    let sum = load<f32>(sums + at);
    for (let j = first; j < end; j++) sum += exp1(load<f32>(logits + <usize>j * stride + at) - most);
    store<f32>(sums + at, sum);
  }
}

/** dlogits[j, t] = dloss[t] · (softmax − 1 at the target). */
export function crossEntropyGrad(
  logits: usize,
  targets: usize,
  logSum: usize,
  dloss: usize,
  outputs: i32,
  tokens: i32,
  dlogits: usize,
): void {
  const stride = (<usize>tokens) << 2;
  for (let j = 0; j < outputs; j++) {
    const row = <usize>j * stride;
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = (<usize>t) << 2;
      const p = exp4(f32x4.sub(v128.load(logits + row + at), v128.load(logSum + at)));
      v128.store(dlogits + row + at, f32x4.mul(p, v128.load(dloss + at)));
    }
    for (; t < tokens; t++) {
      const at = (<usize>t) << 2;
      store<f32>(
        dlogits + row + at,
        exp1(load<f32>(logits + row + at) - load<f32>(logSum + at)) * load<f32>(dloss + at),
      );
    }
  }
  for (let t = 0; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const p = dlogits + <usize>load<i32>(targets + at) * stride + at;
    store<f32>(p, load<f32>(p) - load<f32>(dloss + at));
  }
}

/** y = x, then y[indices[i]] = values[i] in order. */
export function overwrite(x: usize, n: i32, indices: usize, values: usize, count: i32, y: usize): void {
  memory.copy(y, x, (<usize>n) << 2);
  for (let i: usize = 0; i < (<usize>count) << 2; i += 4) {
    store<f32>(y + ((<usize>load<i32>(indices + i)) << 2), load<f32>(values + i));
  }
}

/** y = x [n values] with `count` rows of `tokens` values replaced by those of `values` [count, tokens]. */
export function replaceRows(
  x: usize,
  n: i32,
  rows: usize,
  values: usize,
  count: i32,
  tokens: i32,
  y: usize,
): void {
  memory.copy(y, x, (<usize>n) << 2);
  const size = (<usize>tokens) << 2;
  for (let i = 0; i < count; i++) {
    memory.copy(y + <usize>load<i32>(rows + ((<usize>i) << 2)) * size, values + <usize>i * size, size);
  }
}
