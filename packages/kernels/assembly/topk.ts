import { aligned } from "./scratch";
import { COLUMNS, groupsPacked, keysSize, magnitude, SIGNLESS, STATE } from "./topk-search";
import { listOpen, packGroups, searchKeys, settle, startFirst, startNext } from "./topk-search";

// AbsTopK: keep the k entries of largest magnitude in each column, exactly. Ties at the threshold go to the lower channel.

/** Copies the selected entries of four columns with ties. */
function keepFour(s: usize, x: usize, y: usize, channels: i32, stride: usize, thr: v128, ties: v128): void {
  const zero = i32x4.splat(0);
  let left = ties;
  for (let c = 0; c < channels; c++, s += stride, x += stride, y += stride) {
    const m = magnitude(s);
    const equal = v128.and(i32x4.eq(m, thr), i32x4.gt_s(left, zero));
    left = i32x4.add(left, equal);
    v128.store(y, v128.and(v128.load(x), v128.or(i32x4.gt_s(m, thr), equal)));
  }
}

function keepOne(s: usize, x: usize, y: usize, channels: i32, stride: usize, thr: i32, ties: i32): void {
  let left = ties;
  for (let c = 0; c < channels; c++) {
    const at = <usize>c * stride;
    const m = load<i32>(s + at) & SIGNLESS;
    let keep = m > thr;
    if (m == thr && left > 0) {
      keep = true;
      left--;
    }
    store<i32>(y + at, keep ? load<i32>(x + at) : 0);
  }
}

/**
 * Copies the selected entries of `x` to `y`, zero elsewhere; selection is by `s` (may be x). Rows are read from end to
 * end. Columns with ties are done again, from the first channel on.
 */
function keep(s: usize, x: usize, y: usize, channels: i32, tokens: i32, select: usize): void {
  const stride = (<usize>tokens) << 2;
  for (let row: usize = 0; row < <usize>channels * stride; row += stride) {
    let t: i32 = 0;
    for (; t + 8 <= tokens; t += 8) {
      const at = (<usize>t) << 2;
      const p = row + at;
      v128.store(y + p, v128.and(v128.load(x + p), i32x4.gt_s(magnitude(s + p), v128.load(select + at))));
      const second = v128.and(v128.load(x + p, 16), i32x4.gt_s(magnitude(s + p + 16), v128.load(select + at, 16)));
      v128.store(y + p, second, 16);
    }
    for (; t < tokens; t++) {
      const at = (<usize>t) << 2;
      const p = row + at;
      store<i32>(y + p, (load<i32>(s + p) & SIGNLESS) > load<i32>(select + at) ? load<i32>(x + p) : 0);
    }
  }
  const ties = select + stride;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = (<usize>t) << 2;
    const left = v128.load(ties + at);
    if (v128.any_true(left)) keepFour(s + at, x + at, y + at, channels, stride, v128.load(select + at), left);
  }
  for (; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const left = load<i32>(ties + at);
    if (left) keepOne(s + at, x + at, y + at, channels, stride, load<i32>(select + at), left);
  }
}

/**
 * y [channels, tokens] = x where selected, else 0; 1 ≤ k < channels. x begins at a row of a taller matrix. `select` is
 * i32 [2, tokens]: thresholds (bits), ties kept. `scratch` holds `absTopKScratch` values.
 */
export function absTopK(
  x: usize,
  row: i32,
  channels: i32,
  tokens: i32,
  k: i32,
  scratch: usize,
  y: usize,
  select: usize,
): void {
  const stride = (<usize>tokens) << 2;
  const from = x + <usize>row * stride;
  const state = aligned(scratch);
  const keys = state + STATE;
  const groups = groupsPacked(channels);
  const lists = keys + <usize>groups * keysSize(channels);
  startFirst(state);
  for (let first = 0; first < tokens; first += groups * COLUMNS) {
    const end = min(first + groups * COLUMNS, tokens);
    packGroups(from + (<usize>first << 2), channels, stride, end - first, lists, keys);
    let group = keys;
    for (let t = first; t < end; t += COLUMNS, group += keysSize(channels)) {
      const at = (<usize>t) << 2;
      const width = min(COLUMNS, tokens - t);
      const thr = select + at;
      searchKeys(group, channels, width, k, state);
      listOpen(from + at, channels, stride, width, k, group, lists, state);
      for (let j: usize = 0; j < <usize>width << 2; j += 4) {
        settle(<i32>j >> 2, channels, k, lists, state, thr + j, thr + stride + j);
      }
      startNext(state, k);
    }
  }
  keep(from, from, y, channels, tokens, select);
}

/** dx = dy where x was selected, else 0. x and dx begin at a row of taller matrices. */
export function absTopKGrad(
  x: usize,
  row: i32,
  select: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  dx: usize,
): void {
  const from = <usize>row * ((<usize>tokens) << 2);
  keep(x + from, dy, dx + from, channels, tokens, select);
}
