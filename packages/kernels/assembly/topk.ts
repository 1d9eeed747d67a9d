// AbsTopK: keep the k entries of largest magnitude in each column, exactly.
//
// The magnitude of a float orders like its bits without the sign, so the k-th largest is found by bisection on
// integers, four columns to a vector and sixteen columns (one cache line a row) to a pass. A search ends as soon as
// exactly k entries lie at or above the trial value. Ties at the threshold go to the lower channel.

const SIGNLESS: i32 = 0x7fffffff;

// @ts-ignore: decorator
@inline
function magnitude(p: usize): v128 {
  return v128.and(v128.load(p), i32x4.splat(SIGNLESS));
}

/**
 * Thresholds for one vector of four columns at `x` (stride in bytes between channels).
 * Stores the four thresholds at `thr` and, `tokens` further, how many entries equal to it may be kept.
 */
function selectFour(x: usize, channels: i32, stride: usize, k: i32, thr: usize, ties: usize): void {
  const kk = i32x4.splat(k);
  let high = i32x4.splat(0); // largest magnitude seen
  let nonzero = i32x4.splat(0);
  const zero = i32x4.splat(0);
  let p = x;
  for (let c = 0; c < channels; c++, p += stride) {
    const m = magnitude(p);
    high = i32x4.max_s(high, m);
    nonzero = i32x4.sub(nonzero, i32x4.gt_s(m, zero));
  }
  // Invariant: count(≥ low) ≥ k, count(≥ high) < k; `found` lanes have count(≥ low) = k exactly.
  let low = i32x4.splat(0);
  high = i32x4.add(high, i32x4.splat(1));
  // Columns with no more than k entries that are not zero keep them all, and their first zeros.
  const few = i32x4.le_s(nonzero, kk);
  let found = few;
  while (true) {
    const open = v128.andnot(i32x4.gt_s(i32x4.sub(high, low), i32x4.splat(1)), found);
    if (!v128.any_true(open)) break;
    const middle = i32x4.add(low, i32x4.shr_s(i32x4.sub(high, low), 1));
    let count0 = zero;
    let count1 = zero;
    p = x;
    let c: i32 = 0;
    for (; c + 2 <= channels; c += 2, p += 2 * stride) {
      count0 = i32x4.sub(count0, i32x4.ge_s(magnitude(p), middle));
      count1 = i32x4.sub(count1, i32x4.ge_s(magnitude(p + stride), middle));
    }
    if (c < channels) count0 = i32x4.sub(count0, i32x4.ge_s(magnitude(p), middle));
    const count = i32x4.add(count0, count1);
    const enough = v128.and(i32x4.ge_s(count, kk), open);
    low = v128.bitselect(middle, low, enough);
    high = v128.bitselect(middle, high, v128.andnot(open, enough));
    found = v128.or(found, v128.and(i32x4.eq(count, kk), open));
  }
  // How many entries equal to the threshold are kept: all where the count is exact, else what is left of k.
  let above = zero;
  p = x;
  for (let c = 0; c < channels; c++, p += stride) above = i32x4.sub(above, i32x4.gt_s(magnitude(p), low));
  v128.store(thr, low);
  v128.store(ties, i32x4.sub(kk, above));
}

/** Copies the selected entries of four columns of `x` to `y`, zero elsewhere; selection is by `s` (may be x). */
function keepFour(s: usize, x: usize, y: usize, channels: i32, stride: usize, thr: v128, ties: v128): void {
  let left = ties;
  const zero = i32x4.splat(0);
  for (let c = 0; c < channels; c++) {
    const at = <usize>c * stride;
    const m = magnitude(s + at);
    const equal = v128.and(i32x4.eq(m, thr), i32x4.gt_s(left, zero));
    left = i32x4.add(left, equal);
    v128.store(y + at, v128.and(v128.load(x + at), v128.or(i32x4.gt_s(m, thr), equal)));
  }
}

/** One column of the same, for the last tokens of a tensor. */
function selectOne(x: usize, channels: i32, stride: usize, k: i32, thr: usize, ties: usize): void {
  let high: i32 = 0;
  let nonzero: i32 = 0;
  for (let c = 0; c < channels; c++) {
    const m = load<i32>(x + <usize>c * stride) & SIGNLESS;
    high = max(high, m);
    nonzero += <i32>(m > 0);
  }
  let low: i32 = 0;
  high++;
  if (nonzero > k) {
    while (high - low > 1) {
      const middle = low + ((high - low) >> 1);
      let count: i32 = 0;
      for (let c = 0; c < channels; c++) count += <i32>((load<i32>(x + <usize>c * stride) & SIGNLESS) >= middle);
      if (count >= k) low = middle;
      else high = middle;
      if (count == k) break;
    }
  }
  let above: i32 = 0;
  for (let c = 0; c < channels; c++) above += <i32>((load<i32>(x + <usize>c * stride) & SIGNLESS) > low);
  store<i32>(thr, low);
  store<i32>(ties, k - above);
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

/** Copies the magnitudes of sixteen columns side by side, [channels, 16]: one cache line a channel. */
function packMagnitudes(x: usize, channels: i32, stride: usize, packed: usize): void {
  for (let c = 0; c < channels; c++, x += stride, packed += 64) {
    v128.store(packed, magnitude(x));
    v128.store(packed, magnitude(x + 16), 16);
    v128.store(packed, magnitude(x + 32), 32);
    v128.store(packed, magnitude(x + 48), 48);
  }
}

/**
 * y = x where selected, else 0. `select` is i32 [2, tokens]: thresholds (bits), ties kept. `packed` is scratch for
 * channels · 16 values: searched in x itself, every channel would be a page of its own, ten times over.
 */
export function absTopK(
  x: usize,
  channels: i32,
  tokens: i32,
  k: i32,
  packed: usize,
  y: usize,
  select: usize,
): void {
  const stride = <usize>tokens << 2;
  const ties = select + stride;
  let t: i32 = 0;
  for (; t + 16 <= tokens; t += 16) {
    const at = <usize>t << 2;
    packMagnitudes(x + at, channels, stride, packed);
    for (let four: usize = 0; four < 64; four += 16) {
      selectFour(packed + four, channels, 64, k, select + at + four, ties + at + four);
    }
    for (let four: usize = 0; four < 64; four += 16) {
      const p = at + four;
      keepFour(x + p, x + p, y + p, channels, stride, v128.load(select + p), v128.load(ties + p));
    }
  }
  for (; t + 4 <= tokens; t += 4) {
    const at = <usize>t << 2;
    selectFour(x + at, channels, stride, k, select + at, ties + at);
    keepFour(x + at, x + at, y + at, channels, stride, v128.load(select + at), v128.load(ties + at));
  }
  for (; t < tokens; t++) {
    const at = <usize>t << 2;
    selectOne(x + at, channels, stride, k, select + at, ties + at);
    keepOne(x + at, x + at, y + at, channels, stride, load<i32>(select + at), load<i32>(ties + at));
  }
}

/** dx = dy where x was selected, else 0. */
export function absTopKGrad(x: usize, select: usize, dy: usize, channels: i32, tokens: i32, dx: usize): void {
  const stride = <usize>tokens << 2;
  const ties = select + stride;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = <usize>t << 2;
    keepFour(x + at, dy + at, dx + at, channels, stride, v128.load(select + at), v128.load(ties + at));
  }
  for (; t < tokens; t++) {
    const at = <usize>t << 2;
    keepOne(x + at, dy + at, dx + at, channels, stride, load<i32>(select + at), load<i32>(ties + at));
  }
}

/**
 * Zeroes all but the k entries of largest magnitude of n values in place (ties to the lower index), and returns how
 * many stayed (fewer than k when fewer are not zero).
 */
export function keepLargest(x: usize, n: i32, k: i32): i32 {
  let low: i32 = 0;
  let high: i32 = 0;
  let i: i32 = 0;
  let highs = i32x4.splat(0);
  for (; i + 4 <= n; i += 4) highs = i32x4.max_s(highs, magnitude(x + (<usize>i << 2)));
  high = max(
    max(i32x4.extract_lane(highs, 0), i32x4.extract_lane(highs, 1)),
    max(i32x4.extract_lane(highs, 2), i32x4.extract_lane(highs, 3)),
  );
  for (; i < n; i++) high = max(high, load<i32>(x + (<usize>i << 2)) & SIGNLESS);
  high++;
  while (high - low > 1) {
    const middle = low + ((high - low) >> 1);
    const count = countAtLeast(x, n, middle);
    if (count >= k) low = middle;
    else high = middle;
    if (count == k) break;
  }
  let ties = k - countAtLeast(x, n, low + 1);
  let kept: i32 = 0;
  for (i = 0; i < n; i++) {
    const p = x + (<usize>i << 2);
    const m = load<i32>(p) & SIGNLESS;
    if (m > low) kept++;
    else if (m == low && ties > 0) {
      ties--;
      if (m > 0) kept++;
    } else store<i32>(p, 0);
  }
  return kept;
}

function countAtLeast(x: usize, n: i32, bits: i32): i32 {
  const trial = i32x4.splat(bits);
  let count0 = i32x4.splat(0);
  let count1 = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const p = x + (<usize>i << 2);
    count0 = i32x4.sub(count0, i32x4.ge_s(magnitude(p), trial));
    count1 = i32x4.sub(count1, i32x4.ge_s(magnitude(p + 16), trial));
  }
  const counts = i32x4.add(count0, count1);
  let total =
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3);
  for (; i < n; i++) total += <i32>((load<i32>(x + (<usize>i << 2)) & SIGNLESS) >= bits);
  return total;
}
