// Products with a trained matrix of few nonzeros, computed at its nonzeros only. `usize` arguments are byte addresses.

import { sumLanes } from "./lanes";

/** Tokens handled per pass: a row of dy in eight registers, and a panel of x that stays in the caches. */
const PANEL: i32 = 32;

/** Floats of scratch for sampledProduct: a panel of x, four partial sums a nonzero, and a mark for each row of x. */
export function sampledProductScratch(nonzeros: i32, inner: i32): i32 {
  return inner * PANEL + 4 * nonzeros + inner;
}

/**
 * out[k] = Σ_t dy[r, t] · x[columns[k], t] for k over row r: the gradient of W · x with respect to W's nonzeros, for
 * dy [rows, n] and x [inner, n]. Rows of either that are zero in all of a panel of 32 tokens cost nothing there.
 */
export function sampledProduct(
  rowStarts: usize,
  columns: usize,
  rows: i32,
  dy: usize,
  x: usize,
  inner: i32,
  n: i32,
  scratch: usize,
  out: usize,
): void {
  const stride: usize = <usize>n << 2;
  const count: usize = <usize>load<i32>(rowStarts + (<usize>rows << 2));
  const panel = scratch;
  const sums = panel + (<usize>(inner * PANEL) << 2);
  const used = sums + (count << 4);
  memory.fill(sums, 0, count << 4);
  const whole = n - (n & (PANEL - 1));
  for (let t = 0; t < whole; t += PANEL) {
    const at: usize = <usize>t << 2;
    packMarked(x + at, inner, stride, panel, used);
    for (let r = 0; r < rows; r++) {
      let k: usize = <usize>load<i32>(rowStarts + (<usize>r << 2));
      const end: usize = <usize>load<i32>(rowStarts + (<usize>r << 2), 4);
      if (k == end) continue;
      const p = dy + <usize>r * stride + at;
      const d0 = v128.load(p);
      const d1 = v128.load(p, 16);
      const d2 = v128.load(p, 32);
      const d3 = v128.load(p, 48);
      const d4 = v128.load(p, 64);
      const d5 = v128.load(p, 80);
      const d6 = v128.load(p, 96);
      const d7 = v128.load(p, 112);
      if (!v128.any_true(anyOf(d0, d1, d2, d3, d4, d5, d6, d7))) continue;
      for (; k < end; k++) {
        const c = <usize>load<i32>(columns + (k << 2));
        if (!load<i32>(used + (c << 2))) continue;
        const q = panel + (c << 7);
        const s = sums + (k << 4);
        const a = f32x4.add(
          f32x4.add(f32x4.mul(d0, v128.load(q)), f32x4.mul(d1, v128.load(q, 16))),
          f32x4.add(f32x4.mul(d2, v128.load(q, 32)), f32x4.mul(d3, v128.load(q, 48))),
        );
        const b = f32x4.add(
          f32x4.add(f32x4.mul(d4, v128.load(q, 64)), f32x4.mul(d5, v128.load(q, 80))),
          f32x4.add(f32x4.mul(d6, v128.load(q, 96)), f32x4.mul(d7, v128.load(q, 112))),
        );
        v128.store(s, f32x4.add(v128.load(s), f32x4.add(a, b)));
      }
    }
  }
  for (let r = 0; r < rows; r++) {
    let k: usize = <usize>load<i32>(rowStarts + (<usize>r << 2));
    const end: usize = <usize>load<i32>(rowStarts + (<usize>r << 2), 4);
    const p = dy + <usize>r * stride;
    for (; k < end; k++) {
      const q = x + <usize>load<i32>(columns + (k << 2)) * stride;
      let sum = sumLanes(v128.load(sums + (k << 4)));
      for (let t = whole; t < n; t++) sum += load<f32>(p + (<usize>t << 2)) * load<f32>(q + (<usize>t << 2));
      store<f32>(out + (k << 2), sum);
    }
  }
}

/** Copies 32 columns of a matrix side by side, and marks the rows in which one of them is not zero. */
// @ts-ignore: decorator
@inline
function packMarked(b: usize, rows: i32, stride: usize, panel: usize, used: usize): void {
  for (let r = 0; r < rows; r++, b += stride, panel += 128, used += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const b4 = v128.load(b, 64);
    const b5 = v128.load(b, 80);
    const b6 = v128.load(b, 96);
    const b7 = v128.load(b, 112);
    v128.store(panel, b0);
    v128.store(panel, b1, 16);
    v128.store(panel, b2, 32);
    v128.store(panel, b3, 48);
    v128.store(panel, b4, 64);
    v128.store(panel, b5, 80);
    v128.store(panel, b6, 96);
    v128.store(panel, b7, 112);
    store<i32>(used, <i32>v128.any_true(anyOf(b0, b1, b2, b3, b4, b5, b6, b7)));
  }
}

// @ts-ignore: decorator
@inline
function anyOf(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  return v128.or(v128.or(v128.or(a, b), v128.or(c, d)), v128.or(v128.or(e, f), v128.or(g, h)));
}

/** out[i] = x[indices[i]]. */
export function gatherValues(x: usize, indices: usize, count: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    store<f32>(out + i, load<f32>(x + (<usize>load<i32>(indices + i) << 2)));
  }
}

/** The dense [rows, cols] matrix of compressed rows. */
export function scatterRows(rowStarts: usize, columns: usize, values: usize, rows: i32, cols: i32, out: usize): void {
  memory.fill(out, 0, <usize>rows * (<usize>cols << 2));
  for (let r = 0; r < rows; r++, out += <usize>cols << 2) {
    const end: usize = <usize>load<i32>(rowStarts + (<usize>r << 2), 4) << 2;
    for (let k: usize = <usize>load<i32>(rowStarts + (<usize>r << 2)) << 2; k < end; k += 4) {
      store<f32>(out + (<usize>load<i32>(columns + k) << 2), load<f32>(values + k));
    }
  }
}

/** out[k] = x[r, columns[k]] for k over row r, of a dense [rows, cols] matrix. */
export function gatherRows(rowStarts: usize, columns: usize, x: usize, rows: i32, cols: i32, out: usize): void {
  for (let r = 0; r < rows; r++, x += <usize>cols << 2) {
    const end: usize = <usize>load<i32>(rowStarts + (<usize>r << 2), 4) << 2;
    for (let k: usize = <usize>load<i32>(rowStarts + (<usize>r << 2)) << 2; k < end; k += 4) {
      store<f32>(out + k, load<f32>(x + (<usize>load<i32>(columns + k) << 2)));
    }
  }
}
