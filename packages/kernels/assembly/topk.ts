import { COLUMNS, magnitude, SIGNLESS, STATE } from "./topk-search";
import { listOpen, packKeys, searchKeys, settle, startFirst, startNext } from "./topk-search";

// AbsTopK: keep the k entries of largest magnitude in each column, exactly. Ties at the threshold go to the lower channel.

/** Copies the selected entries of four columns of `x` to `y`, zero elsewhere; selection is by `s` (may be x). */
function keepFour(s: usize, x: usize, y: usize, channels: i32, stride: usize, thr: v128, ties: v128): void {
  const zero = i32x4.splat(0);
  if (!v128.any_true(ties)) {
    for (let c = 0; c < channels; c++, s += stride, x += stride, y += stride) {
      v128.store(y, v128.and(v128.load(x), i32x4.gt_s(magnitude(s), thr)));
    }
    return;
  }
  let left = ties;
  for (let c = 0; c < channels; c++, s += stride, x += stride, y += stride) {
    const m = magnitude(s);
    const equal = v128.and(i32x4.eq(m, thr), i32x4.gt_s(left, zero));
    left = i32x4.add(left, equal);
    v128.store(y, v128.and(v128.load(x), v128.or(i32x4.gt_s(m, thr), equal)));
  }
}

/** The same for sixteen columns without ties. */
function keepSixteen(s: usize, x: usize, y: usize, channels: i32, stride: usize, select: usize): void {
  const thr0 = v128.load(select);
  const thr1 = v128.load(select, 16);
  const thr2 = v128.load(select, 32);
  const thr3 = v128.load(select, 48);
  for (let c = 0; c < channels; c++, s += stride, x += stride, y += stride) {
    v128.store(y, v128.and(v128.load(x), i32x4.gt_s(magnitude(s), thr0)));
    v128.store(y, v128.and(v128.load(x, 16), i32x4.gt_s(magnitude(s + 16), thr1)), 16);
    v128.store(y, v128.and(v128.load(x, 32), i32x4.gt_s(magnitude(s + 32), thr2)), 32);
    v128.store(y, v128.and(v128.load(x, 48), i32x4.gt_s(magnitude(s + 48), thr3)), 48);
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

/** Copies the selected entries of `width` columns. */
function keep(s: usize, x: usize, y: usize, channels: i32, stride: usize, width: i32, thr: usize, ties: usize): void {
  if (width == COLUMNS) {
    const some = v128.or(
      v128.or(v128.load(ties), v128.load(ties, 16)),
      v128.or(v128.load(ties, 32), v128.load(ties, 48)),
    );
    if (!v128.any_true(some)) return keepSixteen(s, x, y, channels, stride, thr);
  }
  let t: i32 = 0;
  for (; t + 4 <= width; t += 4) {
    const at = (<usize>t) << 2;
    keepFour(s + at, x + at, y + at, channels, stride, v128.load(thr + at), v128.load(ties + at));
  }
  for (; t < width; t++) {
    const at = (<usize>t) << 2;
    keepOne(s + at, x + at, y + at, channels, stride, load<i32>(thr + at), load<i32>(ties + at));
  }
}

/**
 * y = x where selected, else 0; 1 ≤ k < channels. `select` is i32 [2, tokens]: thresholds (bits), ties kept. `scratch`
 * holds `absTopKScratch` values.
 */
export function absTopK(x: usize, channels: i32, tokens: i32, k: i32, scratch: usize, y: usize, select: usize): void {
  const stride = (<usize>tokens) << 2;
  const keys = scratch + STATE;
  const lists = keys + <usize>channels * 32;
  startFirst(scratch);
  for (let t = 0; t < tokens; t += COLUMNS) {
    const at = (<usize>t) << 2;
    const width = min(COLUMNS, tokens - t);
    const thr = select + at;
    const ties = thr + stride;
    packKeys(x + at, channels, stride, width, lists, keys);
    searchKeys(keys, channels, width, k, scratch);
    listOpen(x + at, channels, stride, width, k, keys, lists, scratch);
    for (let j = 0; j < width; j++) {
      settle(j, channels, k, lists, scratch, thr + ((<usize>j) << 2), ties + ((<usize>j) << 2));
    }
    keep(x + at, x + at, y + at, channels, stride, width, thr, ties);
    startNext(scratch, k);
  }
}

/** dx = dy where x was selected, else 0. */
export function absTopKGrad(x: usize, select: usize, dy: usize, channels: i32, tokens: i32, dx: usize): void {
  const stride = (<usize>tokens) << 2;
  for (let t = 0; t < tokens; t += COLUMNS) {
    const at = (<usize>t) << 2;
    const thr = select + at;
    keep(x + at, dy + at, dx + at, channels, stride, min(COLUMNS, tokens - t), thr, thr + stride);
  }
}
