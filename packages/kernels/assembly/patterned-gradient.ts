// Gradients of W · x for a trained matrix W of few nonzeros, at the cost of these. `usize` arguments are byte addresses.

import { sumLanes } from "./lanes";

/** Tokens handled per pass: a row of the packed panel of dy is one cache line. */
const PANEL: i32 = 16;

/** Floats of scratch for patternedGradients: a panel of dy, and four partial sums a nonzero. */
export function patternedGradientsScratch(nonzeros: i32, rows: i32): i32 {
  return PANEL * rows + 4 * nonzeros;
}

/**
 * dx = Wᵀ · dy, and for each nonzero of W at (r, c), dw = Σ_t dy[r, t] · x[c, t]. The nonzeros come column after column:
 * their rows, their values, and in `order` where each stands in `dw`. dy is [rows, n], x and dx are [cols, n].
 * A value of dy is loaded once for both.
 */
export function patternedGradients(
  columnStarts: usize,
  rowsByColumn: usize,
  values: usize,
  order: usize,
  rows: i32,
  cols: i32,
  dy: usize,
  x: usize,
  n: i32,
  scratch: usize,
  dx: usize,
  dw: usize,
): void {
  const stride: usize = <usize>n << 2;
  const count: usize = <usize>load<i32>(columnStarts + (<usize>cols << 2));
  const panel = scratch;
  const sums = panel + (<usize>(rows * PANEL) << 2);
  memory.fill(sums, 0, count << 4);
  const whole = n - (n & (PANEL - 1));
  for (let t = 0; t < whole; t += PANEL) {
    const at: usize = <usize>t << 2;
    packPanel(dy + at, rows, stride, panel);
    for (let c = 0; c < cols; c++) {
      let k: usize = <usize>load<i32>(columnStarts + (<usize>c << 2)) << 2;
      const end: usize = <usize>load<i32>(columnStarts + (<usize>c << 2), 4) << 2;
      const p = x + <usize>c * stride + at;
      const x0 = v128.load(p);
      const x1 = v128.load(p, 16);
      const x2 = v128.load(p, 32);
      const x3 = v128.load(p, 48);
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      if (v128.any_true(v128.or(v128.or(x0, x1), v128.or(x2, x3)))) {
        for (; k < end; k += 4) {
          const q = panel + (<usize>load<i32>(rowsByColumn + k) << 6);
          const w = v128.load32_splat(values + k);
          const d0 = v128.load(q);
          const d1 = v128.load(q, 16);
          const d2 = v128.load(q, 32);
          const d3 = v128.load(q, 48);
          a0 = f32x4.add(a0, f32x4.mul(w, d0));
          a1 = f32x4.add(a1, f32x4.mul(w, d1));
          a2 = f32x4.add(a2, f32x4.mul(w, d2));
          a3 = f32x4.add(a3, f32x4.mul(w, d3));
          const s = sums + (k << 2);
          const u = f32x4.add(f32x4.mul(x0, d0), f32x4.mul(x1, d1));
          const v = f32x4.add(f32x4.mul(x2, d2), f32x4.mul(x3, d3));
          v128.store(s, f32x4.add(v128.load(s), f32x4.add(u, v)));
        }
      } else {
        for (; k < end; k += 4) {
          const q = panel + (<usize>load<i32>(rowsByColumn + k) << 6);
          const w = v128.load32_splat(values + k);
          a0 = f32x4.add(a0, f32x4.mul(w, v128.load(q)));
          a1 = f32x4.add(a1, f32x4.mul(w, v128.load(q, 16)));
          a2 = f32x4.add(a2, f32x4.mul(w, v128.load(q, 32)));
          a3 = f32x4.add(a3, f32x4.mul(w, v128.load(q, 48)));
        }
      }
      const o = dx + <usize>c * stride + at;
      v128.store(o, a0);
      v128.store(o, a1, 16);
      v128.store(o, a2, 32);
      v128.store(o, a3, 48);
    }
  }
  for (let c = 0; c < cols; c++) {
    const start: usize = <usize>load<i32>(columnStarts + (<usize>c << 2)) << 2;
    const end: usize = <usize>load<i32>(columnStarts + (<usize>c << 2), 4) << 2;
    const xc = x + <usize>c * stride;
    for (let t = whole; t < n; t++) {
      const at: usize = <usize>t << 2;
      let sum: f32 = 0;
      for (let k = start; k < end; k += 4) {
        sum += load<f32>(values + k) * load<f32>(dy + <usize>load<i32>(rowsByColumn + k) * stride + at);
      }
      store<f32>(dx + <usize>c * stride + at, sum);
    }
    for (let k = start; k < end; k += 4) {
      const d = dy + <usize>load<i32>(rowsByColumn + k) * stride;
      let sum = sumLanes(v128.load(sums + (k << 2)));
      for (let t = whole; t < n; t++) sum += load<f32>(d + (<usize>t << 2)) * load<f32>(xc + (<usize>t << 2));
      store<f32>(dw + (<usize>load<i32>(order + k) << 2), sum);
    }
  }
}

/** Copies 16 columns of a matrix side by side. */
// @ts-ignore: decorator
@inline
function packPanel(b: usize, rows: i32, stride: usize, panel: usize): void {
  for (let r = 0; r < rows; r++, b += stride, panel += 64) {
    v128.store(panel, v128.load(b));
    v128.store(panel, v128.load(b, 16), 16);
    v128.store(panel, v128.load(b, 32), 32);
    v128.store(panel, v128.load(b, 48), 48);
  }
}
