import { sumLanes } from "./lanes";
import { ENTRY, turn } from "./matmul";
import { aligned, ALIGNMENT } from "./scratch";

// The gradient of a dense weight, dy · xᵀ, over the nonzeros of dy: three quarters of it are zero after AbsTopK.

/** Tokens at a time. With the panel, 16 kilobytes, the rest of what is at work stays in the first cache. */
const TOKENS: i32 = 128;

/** Channels of x at a time: eight v128 accumulators. */
const PANEL: i32 = 32;
const PITCH: usize = 128;

/** Sixteen ways to move the lanes of a vector that are wanted to its front, by a mask of the lanes. */
const MOVES: usize = 256;

/** Floats of scratch: a panel, the moves, where the list of each row of dy ends, and the lists. */
export function weightGradScratch(out: i32): i32 {
  // A list is written four entries at a time.
  return ALIGNMENT + TOKENS * PANEL + ((<i32>MOVES) >> 2) + out + 1 + 2 * (out * TOKENS + 4);
}

/**
 * dw [out, inner] = dy [out, tokens] · xᵀ for x [inner, tokens]. Each element sums in the order of the tokens. `dbias`
 * [out] receives Σ_t dy, or is 0: not wanted.
 */
export function weightGrad(
  x: usize,
  dy: usize,
  inner: i32,
  out: i32,
  tokens: i32,
  scratch: usize,
  dw: usize,
  dbias: usize,
): void {
  const stride = (<usize>tokens) << 2;
  const panel = aligned(scratch);
  const moves = panel + <usize>TOKENS * PITCH;
  const ends = moves + MOVES;
  const lists = ends + ((<usize>(out + 1)) << 2);
  memory.fill(dw, 0, (<usize>(out * inner)) << 2);
  writeMoves(moves);
  if (dbias) memory.fill(dbias, 0, (<usize>out) << 2);
  for (let t = 0; t < tokens; t += TOKENS) {
    const at = (<usize>t) << 2;
    const width = min(TOKENS, tokens - t);
    listRows(dy + at, out, width, stride, moves, ends, lists, dbias);
    for (let c = 0; c < inner; c += PANEL) {
      const channels = min(PANEL, inner - c);
      packTurned(x + <usize>c * stride + at, channels, width, stride, panel);
      if (channels == PANEL) addPanel(ends, lists, out, panel, dw + ((<usize>c) << 2), (<usize>inner) << 2);
      else addSome(ends, lists, out, panel, channels, dw + ((<usize>c) << 2), (<usize>inner) << 2);
    }
  }
}

/** panel[c, r] = x[r, c]. Rows are read four at a time from end to end: 8 kilobytes apart, more would not stay cached. */
function packTurned(x: usize, rows: i32, cols: i32, stride: usize, panel: usize): void {
  for (let r = 0; r < rows; r += 4) {
    turn(x + <usize>r * stride, min(4, rows - r), cols, stride, panel + ((<usize>r) << 2), PITCH);
  }
}

function writeMoves(moves: usize): void {
  for (let mask = 0; mask < 16; mask++, moves += 16) {
    let to: usize = 0;
    for (let lane = 0; lane < 4; lane++) {
      if (!((mask >> lane) & 1)) continue;
      store<u32>(moves + to, 0x03020100 + 0x04040404 * lane);
      to += 4;
    }
    memory.fill(moves + to, 0, 16 - to);
  }
}

/**
 * Lists the nonzeros of each row of x [rows, width]: (128 · column, value). `ends` receives where each row's list ends,
 * relative to `lists`, after a zero. `sums` gains what each row adds up to, or is 0.
 */
function listRows(
  x: usize,
  rows: i32,
  width: i32,
  stride: usize,
  moves: usize,
  ends: usize,
  lists: usize,
  sums: usize,
): void {
  const zero = f32x4.splat(0);
  const step = i32x4.splat(4 * <i32>PITCH);
  let entry = lists;
  store<u32>(ends, 0);
  for (let r = 0; r < rows; r++, x += stride) {
    let total = zero;
    let places = i32x4(0, <i32>PITCH, 2 * <i32>PITCH, 3 * <i32>PITCH);
    let c: i32 = 0;
    for (; c + 4 <= width; c += 4) {
      const four = v128.load(x + ((<usize>c) << 2));
      total = f32x4.add(total, four);
      // Branches on random data would be guessed wrong: always four entries are written, and some written over.
      const mask = i32x4.bitmask(f32x4.ne(four, zero));
      const move = v128.load(moves + ((<usize>mask) << 4));
      const offsets = i8x16.swizzle(places, move);
      const values = i8x16.swizzle(four, move);
      v128.store(entry, v128.shuffle<i32>(offsets, values, 0, 4, 1, 5));
      v128.store(entry, v128.shuffle<i32>(offsets, values, 2, 6, 3, 7), 16);
      entry += <usize>popcnt(mask) * ENTRY;
      places = i32x4.add(places, step);
    }
    let sum: f32 = sumLanes(total);
    for (; c < width; c++) {
      const value = load<f32>(x + ((<usize>c) << 2));
      if (value == 0) continue;
      sum += value;
      store<u32>(entry, <u32>(<usize>c * PITCH));
      store<f32>(entry, value, 4);
      entry += ENTRY;
    }
    const place = (<usize>r) << 2;
    store<u32>(ends + place, <u32>(entry - lists), 4);
    if (sums) store<f32>(sums + place, load<f32>(sums + place) + sum);
  }
}

/** out[r, :] += Σ values · rows of the panel, over the list of row r, for 32 columns of `out`. */
function addPanel(ends: usize, lists: usize, rows: i32, panel: usize, out: usize, stride: usize): void {
  let entry = lists;
  for (let r = 0; r < rows; r++, out += stride) {
    const end = lists + <usize>load<u32>(ends + ((<usize>r) << 2), 4);
    if (entry == end) continue;
    let a0 = v128.load(out);
    let a1 = v128.load(out, 16);
    let a2 = v128.load(out, 32);
    let a3 = v128.load(out, 48);
    let a4 = v128.load(out, 64);
    let a5 = v128.load(out, 80);
    let a6 = v128.load(out, 96);
    let a7 = v128.load(out, 112);
    // Two at a time, which leaves the order of the sum as it is.
    for (; entry + ENTRY < end; entry += 2 * ENTRY) {
      const p = panel + <usize>load<u32>(entry);
      const v = v128.load32_splat(entry, 4);
      const q = panel + <usize>load<u32>(entry, 8);
      const w = v128.load32_splat(entry, 12);
      a0 = f32x4.add(f32x4.add(a0, f32x4.mul(v, v128.load(p))), f32x4.mul(w, v128.load(q)));
      a1 = f32x4.add(f32x4.add(a1, f32x4.mul(v, v128.load(p, 16))), f32x4.mul(w, v128.load(q, 16)));
      a2 = f32x4.add(f32x4.add(a2, f32x4.mul(v, v128.load(p, 32))), f32x4.mul(w, v128.load(q, 32)));
      a3 = f32x4.add(f32x4.add(a3, f32x4.mul(v, v128.load(p, 48))), f32x4.mul(w, v128.load(q, 48)));
      a4 = f32x4.add(f32x4.add(a4, f32x4.mul(v, v128.load(p, 64))), f32x4.mul(w, v128.load(q, 64)));
      a5 = f32x4.add(f32x4.add(a5, f32x4.mul(v, v128.load(p, 80))), f32x4.mul(w, v128.load(q, 80)));
      a6 = f32x4.add(f32x4.add(a6, f32x4.mul(v, v128.load(p, 96))), f32x4.mul(w, v128.load(q, 96)));
      a7 = f32x4.add(f32x4.add(a7, f32x4.mul(v, v128.load(p, 112))), f32x4.mul(w, v128.load(q, 112)));
    }
    if (entry < end) {
      const p = panel + <usize>load<u32>(entry);
      const w = v128.load32_splat(entry, 4);
      a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
      a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
      a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
      a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
      a4 = f32x4.add(a4, f32x4.mul(w, v128.load(p, 64)));
      a5 = f32x4.add(a5, f32x4.mul(w, v128.load(p, 80)));
      a6 = f32x4.add(a6, f32x4.mul(w, v128.load(p, 96)));
      a7 = f32x4.add(a7, f32x4.mul(w, v128.load(p, 112)));
      entry += ENTRY;
    }
    v128.store(out, a0);
    v128.store(out, a1, 16);
    v128.store(out, a2, 32);
    v128.store(out, a3, 48);
    v128.store(out, a4, 64);
    v128.store(out, a5, 80);
    v128.store(out, a6, 96);
    v128.store(out, a7, 112);
  }
}

/** The same for fewer columns. */
function addSome(ends: usize, lists: usize, rows: i32, panel: usize, count: i32, out: usize, stride: usize): void {
  let entry = lists;
  for (let r = 0; r < rows; r++, out += stride) {
    const end = lists + <usize>load<u32>(ends + ((<usize>r) << 2), 4);
    for (; entry < end; entry += ENTRY) {
      const p = panel + <usize>load<u32>(entry);
      const w = load<f32>(entry, 4);
      for (let c: usize = 0; c < (<usize>count) << 2; c += 4) {
        store<f32>(out + c, load<f32>(out + c) + w * load<f32>(p + c));
      }
    }
  }
}
