import { countAtLeast } from "./keep-largest";
import { ALIGNMENT } from "./scratch";

// The search of AbsTopK for the k-th largest magnitude of each column.
//
// The magnitude of a float orders like its bits without the sign. Sixteen columns (one cache line a row) are searched
// together, on the upper 16 of these 31 bits, eight to a vector, for a bracket that holds the k-th largest and few others.
// A search starts where the one of the columns before it ended, and interpolates. The entries in the bracket are then
// settled on all their bits. How the search went has no influence on what is kept.

export const SIGNLESS: i32 = 0x7fffffff;
/** Columns searched together: one cache line a row. */
export const COLUMNS: i32 = 16;
/** Keys are signed: the upper bits less 2¹⁵. */
const KEY_ZERO: i32 = -32768;
const KEY_END: i32 = 32767;
/** So few entries are settled faster one by one than by another round over all. */
const FEW: i32 = 24;
/** After so many rounds a search halves its bracket and guesses no more. */
const ROUNDS_GUESSED: i32 = 6;
/** Rows whose counts fit 16 bits. */
const COUNTED: i32 = 16384;

// The state of a search, i32 [16] each, by columns.
const LOW: usize = 0; // at least k entries have this key or a larger one
const HIGH: usize = 64; // fewer than k do
const AT_LOW: usize = 128; // how many
const AT_HIGH: usize = 192;
const GUESS: usize = 256;
const COUNT: usize = 320; // how many reach the guess
const LISTED: usize = 384; // how many entries are listed
export const STATE: usize = 448;

/** Columns are read in so many groups at once: four cache lines of a row, where their keys fit the second cache. */
export function groupsPacked(channels: i32): i32 {
  return channels <= 2048 ? 4 : 1;
}

/** Bytes of the keys of one group. */
// @ts-ignore: decorator
@inline
export function keysSize(channels: i32): usize {
  return <usize>channels << 5;
}

/** How many floats of scratch a selection needs: the state, the keys, and lists of bits. */
export function absTopKScratch(channels: i32): i32 {
  return ALIGNMENT + ((<i32>STATE + groupsPacked(channels) * <i32>keysSize(channels)) >> 2) + channels * COLUMNS;
}

// @ts-ignore: decorator
@inline
export function magnitude(p: usize): v128 {
  return v128.and(v128.load(p), i32x4.splat(SIGNLESS));
}

/** Keys of the eight floats at p. */
// @ts-ignore: decorator
@inline
function keysOf(p: usize): v128 {
  const a = i32x4.shr_u(i32x4.shl(v128.load(p), 1), 16);
  const b = i32x4.shr_u(i32x4.shl(v128.load(p, 16), 1), 16);
  return v128.xor(i16x8.narrow_i32x4_u(a, b), i16x8.splat(<i16>KEY_ZERO));
}

/** The keys of `width` columns, group after group, [channels, 16] each; columns past the width are zeros. */
export function packGroups(x: usize, channels: i32, stride: usize, width: i32, spare: usize, keys: usize): void {
  const size = keysSize(channels);
  if (width == 4 * COLUMNS) {
    for (let c = 0; c < channels; c++, x += stride, keys += 32) {
      let group = keys;
      for (let p = x; p < x + 256; p += 64, group += size) {
        v128.store(group, keysOf(p));
        v128.store(group, keysOf(p + 32), 16);
      }
    }
    return;
  }
  for (let first = 0; first < width; first += COLUMNS, keys += size) {
    packKeys(x + (<usize>first << 2), channels, stride, min(COLUMNS, width - first), spare, keys);
  }
}

/** Copies the keys of `width` columns side by side, [channels, 16]; columns past the width are zeros. */
function packKeys(x: usize, channels: i32, stride: usize, width: i32, spare: usize, keys: usize): void {
  if (width < COLUMNS) memory.fill(spare, 0, 64);
  for (let c = 0; c < channels; c++, x += stride, keys += 32) {
    let p = x;
    if (width < COLUMNS) {
      p = spare;
      memory.copy(p, x, <usize>width << 2);
    }
    v128.store(keys, keysOf(p));
    v128.store(keys, keysOf(p + 32), 16);
  }
}

/** How many keys of each column reach its guess. */
function countKeys(keys: usize, channels: i32, state: usize): void {
  const guessA = i16x8.narrow_i32x4_s(v128.load(state, GUESS), v128.load(state, GUESS + 16));
  const guessB = i16x8.narrow_i32x4_s(v128.load(state, GUESS + 32), v128.load(state, GUESS + 48));
  let n0 = i32x4.splat(0);
  let n1 = n0;
  let n2 = n0;
  let n3 = n0;
  for (let start = 0; start < channels; start += COUNTED) {
    let a = i16x8.splat(0);
    let b = a;
    let a2 = a;
    let b2 = a;
    const rows = min(channels - start, COUNTED);
    let c: i32 = 0;
    for (; c + 2 <= rows; c += 2, keys += 64) {
      a = i16x8.add(a, i16x8.gt_s(guessA, v128.load(keys)));
      b = i16x8.add(b, i16x8.gt_s(guessB, v128.load(keys, 16)));
      a2 = i16x8.add(a2, i16x8.gt_s(guessA, v128.load(keys, 32)));
      b2 = i16x8.add(b2, i16x8.gt_s(guessB, v128.load(keys, 48)));
    }
    if (c < rows) {
      a = i16x8.add(a, i16x8.gt_s(guessA, v128.load(keys)));
      b = i16x8.add(b, i16x8.gt_s(guessB, v128.load(keys, 16)));
      keys += 32;
    }
    // Comparisons give −1 for each key below the guess.
    a = i16x8.add(i16x8.add(a, a2), i16x8.splat(<i16>rows));
    b = i16x8.add(i16x8.add(b, b2), i16x8.splat(<i16>rows));
    n0 = i32x4.add(n0, i32x4.extend_low_i16x8_s(a));
    n1 = i32x4.add(n1, i32x4.extend_high_i16x8_s(a));
    n2 = i32x4.add(n2, i32x4.extend_low_i16x8_s(b));
    n3 = i32x4.add(n3, i32x4.extend_high_i16x8_s(b));
  }
  v128.store(state, n0, COUNT);
  v128.store(state, n1, COUNT + 16);
  v128.store(state, n2, COUNT + 32);
  v128.store(state, n3, COUNT + 48);
}

/** Narrows four columns by what was counted and guesses anew. Returns whether any is still open. */
function narrow(state: usize, channels: i32, k: i32, round: i32): bool {
  const one = i32x4.splat(1);
  const kk = i32x4.splat(k);
  let low = v128.load(state, LOW);
  let high = v128.load(state, HIGH);
  let atLow = v128.load(state, AT_LOW);
  let atHigh = v128.load(state, AT_HIGH);
  const guess = v128.load(state, GUESS);
  const count = v128.load(state, COUNT);
  // A settled column guesses at an end of its bracket, which changes nothing.
  const enough = i32x4.ge_s(count, kk);
  low = v128.bitselect(guess, low, enough);
  atLow = v128.bitselect(count, atLow, enough);
  high = v128.bitselect(high, guess, enough);
  atHigh = v128.bitselect(atHigh, count, enough);
  v128.store(state, low, LOW);
  v128.store(state, high, HIGH);
  v128.store(state, atLow, AT_LOW);
  v128.store(state, atHigh, AT_HIGH);
  const width = i32x4.sub(high, low);
  const between = i32x4.sub(atLow, atHigh);
  const open = v128.and(
    v128.and(i32x4.gt_s(width, one), i32x4.gt_s(between, i32x4.splat(FEW))),
    i32x4.ne(atLow, kk),
  );
  let next = i32x4.add(low, i32x4.shr_u(width, 1));
  if (round < ROUNDS_GUESSED) {
    // Between two counts, where a straight line puts k.
    const part = f32x4.div(
      f32x4.add(f32x4.convert_i32x4_s(i32x4.sub(atLow, kk)), f32x4.splat(0.5)),
      f32x4.convert_i32x4_s(between),
    );
    const within = i32x4.add(low, i32x4.trunc_sat_f32x4_s(f32x4.mul(part, f32x4.convert_i32x4_s(width))));
    // With counts on one side only, along the slope of normally distributed values and somewhat too far.
    const off = f32x4.convert_i32x4_s(i32x4.sub(count, kk));
    const step = i32x4.trunc_sat_f32x4_s(f32x4.mul(off, f32x4.splat(<f32>750 / <f32>channels)));
    const beyond = i32x4.add(
      guess,
      i32x4.shl(i32x4.add(step, v128.bitselect(i32x4.splat(2), i32x4.splat(-2), enough)), round),
    );
    const oneSided = v128.or(i32x4.eq(low, i32x4.splat(KEY_ZERO)), i32x4.eq(high, i32x4.splat(KEY_END)));
    next = v128.bitselect(beyond, within, oneSided);
  }
  next = i32x4.max_s(i32x4.add(low, one), i32x4.min_s(next, i32x4.sub(high, one)));
  v128.store(state, v128.bitselect(next, low, open), GUESS);
  return v128.any_true(open);
}

/** The first search starts at the key of 1. */
export function startFirst(state: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<i32>(state + at, (0x3f800000 >> 15) + KEY_ZERO, GUESS);
}

/** The next columns' search starts where this one ended. */
export function startNext(state: usize, k: i32): void {
  for (let at = state; at < state + 64; at += 4) {
    const low = load<i32>(at, LOW);
    const high = load<i32>(at, HIGH);
    const settled = load<i32>(at, AT_LOW) == k || high == KEY_END;
    store<i32>(at, settled ? low : high - ((high - low) >> 1), GUESS);
  }
}

/** Brackets for each of 16 columns the key of the k-th largest entry, until few entries lie between LOW and HIGH. */
export function searchKeys(keys: usize, channels: i32, width: i32, k: i32, state: usize): void {
  for (let at: usize = 0; at < 64; at += 16) {
    // Columns past the width are settled from the start.
    const unused = i32x4.ge_s(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(<i32>at >> 2)), i32x4.splat(width));
    v128.store(state + at, i32x4.splat(KEY_ZERO), LOW);
    v128.store(state + at, v128.bitselect(i32x4.splat(KEY_ZERO + 1), i32x4.splat(KEY_END), unused), HIGH);
    v128.store(state + at, i32x4.splat(channels), AT_LOW);
    v128.store(state + at, i32x4.splat(0), AT_HIGH);
    const guess = i32x4.max_s(v128.load(state + at, GUESS), i32x4.splat(KEY_ZERO + 1));
    v128.store(state + at, v128.bitselect(i32x4.splat(KEY_ZERO), guess, unused), GUESS);
  }
  for (let round = 0; ; round++) {
    countKeys(keys, channels, state);
    let open = false;
    for (let at: usize = 0; at < 64; at += 16) open = narrow(state + at, channels, k, round) || open;
    if (!open) break;
  }
}

/**
 * Lists the bits of the entries between LOW and HIGH, where not all of them are kept. Zeros are not listed: they are
 * what is left over.
 */
export function listOpen(
  x: usize,
  channels: i32,
  stride: usize,
  width: i32,
  k: i32,
  keys: usize,
  lists: usize,
  state: usize,
): void {
  memory.fill(state + LISTED, 0, 64);
  let zeros = false;
  for (let j = 0; j < width; j++) {
    const at = state + (<usize>j << 2);
    const exact = load<i32>(at, AT_LOW) == k;
    const atZero = load<i32>(at, HIGH) == KEY_ZERO + 1;
    zeros = zeros || (atZero && !exact);
    // No key is larger than the end: nothing is listed.
    store<i32>(at, exact || atZero ? KEY_END : load<i32>(at, LOW), GUESS);
  }
  if (zeros) listTiny(x, channels, stride, width, k, lists, state);
  const lowA = i16x8.narrow_i32x4_s(v128.load(state, GUESS), v128.load(state, GUESS + 16));
  const lowB = i16x8.narrow_i32x4_s(v128.load(state, GUESS + 32), v128.load(state, GUESS + 48));
  const endA = i16x8.narrow_i32x4_s(v128.load(state, HIGH), v128.load(state, HIGH + 16));
  const endB = i16x8.narrow_i32x4_s(v128.load(state, HIGH + 32), v128.load(state, HIGH + 48));
  const used = (1 << width) - 1;
  for (let c = 0; c < channels; c++, keys += 32) {
    const a = v128.load(keys);
    const b = v128.load(keys, 16);
    const openA = v128.andnot(i16x8.gt_s(endA, a), i16x8.gt_s(lowA, a));
    const openB = v128.andnot(i16x8.gt_s(endB, b), i16x8.gt_s(lowB, b));
    let mask = i8x16.bitmask(i8x16.narrow_i16x8_s(openA, openB)) & used;
    for (; mask; mask &= mask - 1) {
      const j = ctz(mask);
      const bits = load<i32>(x + <usize>c * stride + (<usize>j << 2)) & SIGNLESS;
      if (bits != 0) list(bits, j, channels, lists, state);
    }
  }
}

// @ts-ignore: decorator
@inline
function list(bits: i32, j: i32, channels: i32, lists: usize, state: usize): void {
  const listed = state + LISTED + (<usize>j << 2);
  const n = load<i32>(listed);
  store<i32>(lists + (<usize>(j * channels + n) << 2), bits);
  store<i32>(listed, n + 1);
}

/** Lists the magnitudes that are not zero but have its key, below 5e-41, of columns whose threshold is that key. */
function listTiny(
  x: usize,
  channels: i32,
  stride: usize,
  width: i32,
  k: i32,
  lists: usize,
  state: usize,
): void {
  const one = i32x4.splat(1);
  const last = i32x4.splat(0x7ffe);
  for (let c = 0; c < channels; c++, x += stride) {
    let j: i32 = 0;
    for (; j + 4 <= width; j += 4) {
      if (!v128.any_true(i32x4.le_u(i32x4.sub(magnitude(x + (<usize>j << 2)), one), last))) continue;
      for (let lane = 0; lane < 4; lane++) listIfTiny(x, j + lane, channels, k, lists, state);
    }
    for (; j < width; j++) listIfTiny(x, j, channels, k, lists, state);
  }
}

function listIfTiny(x: usize, j: i32, channels: i32, k: i32, lists: usize, state: usize): void {
  const bits = load<i32>(x + (<usize>j << 2)) & SIGNLESS;
  const at = state + (<usize>j << 2);
  if (bits == 0 || bits >= 0x8000 || load<i32>(at, HIGH) != KEY_ZERO + 1 || load<i32>(at, AT_LOW) == k) return;
  list(bits, j, channels, lists, state);
}

/**
 * From what was searched and listed: the threshold of column j (bits; what is larger is kept) at `thr`, and how many
 * entries equal to it are kept, from the first channel on, at `ties`.
 */
export function settle(j: i32, channels: i32, k: i32, lists: usize, state: usize, thr: usize, ties: usize): void {
  const at = state + (<usize>j << 2);
  const key = load<i32>(at, LOW);
  if (load<i32>(at, AT_LOW) == k) {
    store<i32>(thr, ((key - KEY_ZERO) << 15) - 1);
    store<i32>(ties, 0);
    return;
  }
  const wanted = k - load<i32>(at, AT_HIGH);
  const n = load<i32>(at, LISTED);
  const own = lists + (<usize>(j * channels) << 2);
  if (n < wanted) {
    // Zeros make up the number.
    store<i32>(thr, 0);
    store<i32>(ties, wanted - n);
    return;
  }
  let low = max(1, (key - KEY_ZERO) << 15);
  let high = (load<i32>(at, HIGH) - KEY_ZERO) << 15;
  let reach = n;
  while (high - low > 1 && reach != wanted) {
    const middle = low + ((high - low) >> 1);
    const count = countAtLeast(own, n, middle);
    if (count >= wanted) {
      low = middle;
      reach = count;
    } else high = middle;
  }
  const left = reach == wanted ? 0 : wanted - countAtLeast(own, n, low + 1);
  store<i32>(thr, left == 0 ? low - 1 : low);
  store<i32>(ties, left);
}
