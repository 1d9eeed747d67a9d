import { sumLanes } from "./lanes";
import { aligned, ALIGNMENT } from "./scratch";

// Matrix products that skip zeros. Everything here is row-major f32; `usize` arguments are byte addresses.

/** Columns handled per pass: eight v128 accumulators, and a panel of B that stays in the first-level cache. */
const PANEL: i32 = 32;

/** Rows of b are packed where each is read at least so often in a panel, and there are so many panels. */
const PACK_FROM: i32 = 4;
const PANELS_FROM: i32 = 4;

/** Of a listed nonzero: the byte offset of its row in a packed panel (i32), then the value (f32). */
export const ENTRY: usize = 8;

// @ts-ignore: decorator
@inline
function isPacked(nonzeros: i32, inner: i32, n: i32): bool {
  return n >= PANELS_FROM * PANEL && nonzeros >= PACK_FROM * inner;
}

/** Floats of scratch for csrMatMul. */
export function csrMatMulScratch(nonzeros: i32, inner: i32, n: i32): i32 {
  return isPacked(nonzeros, inner, n) ? ALIGNMENT + inner * PANEL + 2 * nonzeros : 0;
}

/**
 * out[r, :] = bias[r] + Σ_k values[k] · b[columns[k], :], k over row r of the compressed matrix.
 * Each element sums in the order of k whatever its column, so results do not depend on how many columns there are.
 * `bias` may be 0: none. `scratch` holds `csrMatMulScratch` floats: where rows of b are read often, 32 columns of them
 * are laid side by side first, so that a row costs two cache lines and the whole panel a few pages (taken from b
 * itself, every row would be a page of its own), and the nonzeros are listed with where their rows lie there.
 */
export function csrMatMul(
  rowStarts: usize,
  columns: usize,
  values: usize,
  bias: usize,
  rows: i32,
  b: usize,
  inner: i32,
  n: i32,
  scratch: usize,
  out: usize,
): void {
  const stride: usize = <usize>n << 2;
  const nonzeros = load<i32>(rowStarts + (<usize>rows << 2));
  const packed = isPacked(nonzeros, inner, n);
  const panel = aligned(scratch);
  const entries = panel + (<usize>(inner * PANEL) << 2);
  if (packed) listEntries(columns, values, nonzeros, entries);
  let c: i32 = 0;
  for (; c + PANEL <= n; c += PANEL) {
    const source = b + (<usize>c << 2);
    let o = out + (<usize>c << 2);
    if (packed) packPanel(source, inner, stride, panel);
    for (let r = 0; r < rows; r++, o += stride) {
      const start: i32 = load<i32>(rowStarts + (<usize>r << 2));
      const end: i32 = load<i32>(rowStarts + (<usize>(r + 1) << 2));
      const first = f32x4.splat(bias ? load<f32>(bias + (<usize>r << 2)) : 0);
      let a0 = first;
      let a1 = first;
      let a2 = first;
      let a3 = first;
      let a4 = first;
      let a5 = first;
      let a6 = first;
      let a7 = first;
      if (packed) {
        const last = entries + <usize>end * ENTRY;
        for (let k = entries + <usize>start * ENTRY; k < last; k += ENTRY) {
          const p = panel + <usize>load<u32>(k);
          const w = v128.load32_splat(k, 4);
          a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
          a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
          a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
          a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
          a4 = f32x4.add(a4, f32x4.mul(w, v128.load(p, 64)));
          a5 = f32x4.add(a5, f32x4.mul(w, v128.load(p, 80)));
          a6 = f32x4.add(a6, f32x4.mul(w, v128.load(p, 96)));
          a7 = f32x4.add(a7, f32x4.mul(w, v128.load(p, 112)));
        }
      } else {
        const last = <usize>end << 2;
        for (let k = <usize>start << 2; k < last; k += 4) {
          const w = v128.load32_splat(values + k);
          const p = source + <usize>load<i32>(columns + k) * stride;
          a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
          a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
          a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
          a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
          a4 = f32x4.add(a4, f32x4.mul(w, v128.load(p, 64)));
          a5 = f32x4.add(a5, f32x4.mul(w, v128.load(p, 80)));
          a6 = f32x4.add(a6, f32x4.mul(w, v128.load(p, 96)));
          a7 = f32x4.add(a7, f32x4.mul(w, v128.load(p, 112)));
        }
      }
      v128.store(o, a0);
      v128.store(o, a1, 16);
      v128.store(o, a2, 32);
      v128.store(o, a3, 48);
      v128.store(o, a4, 64);
      v128.store(o, a5, 80);
      v128.store(o, a6, 96);
      v128.store(o, a7, 112);
    }
  }
  for (; c + 4 <= n; c += 4) {
    const column: usize = b + ((<usize>c) << 2);
    for (let r = 0; r < rows; r++) {
      const start: i32 = load<i32>(rowStarts + ((<usize>r) << 2));
      const end: i32 = load<i32>(rowStarts + ((<usize>(r + 1)) << 2));
      let a0 = f32x4.splat(bias ? load<f32>(bias + ((<usize>r) << 2)) : 0);
      for (let k = start; k < end; k++) {
        const p = column + <usize>load<i32>(columns + ((<usize>k) << 2)) * stride;
        a0 = f32x4.add(a0, f32x4.mul(v128.load32_splat(values + ((<usize>k) << 2)), v128.load(p)));
      }
      v128.store(out + <usize>r * stride + ((<usize>c) << 2), a0);
    }
  }
  for (; c < n; c++) {
    const column: usize = b + ((<usize>c) << 2);
    for (let r = 0; r < rows; r++) {
      const start: i32 = load<i32>(rowStarts + ((<usize>r) << 2));
      const end: i32 = load<i32>(rowStarts + ((<usize>(r + 1)) << 2));
      let sum: f32 = bias ? load<f32>(bias + ((<usize>r) << 2)) : 0;
      for (let k = start; k < end; k++) {
        const p = column + <usize>load<i32>(columns + ((<usize>k) << 2)) * stride;
        sum += load<f32>(values + ((<usize>k) << 2)) * load<f32>(p);
      }
      store<f32>(out + <usize>r * stride + ((<usize>c) << 2), sum);
    }
  }
}

/** The nonzeros as (128 · column, value). */
function listEntries(columns: usize, values: usize, nonzeros: i32, entries: usize): void {
  for (let k: usize = 0; k < <usize>nonzeros << 2; k += 4, entries += ENTRY) {
    store<i32>(entries, load<i32>(columns + k) << 7);
    store<f32>(entries, load<f32>(values + k), 4);
  }
}

/** Copies 32 columns of a matrix side by side. */
function packPanel(b: usize, rows: i32, stride: usize, panel: usize): void {
  for (let r = 0; r < rows; r++, b += stride, panel += 128) {
    v128.store(panel, v128.load(b));
    v128.store(panel, v128.load(b, 16), 16);
    v128.store(panel, v128.load(b, 32), 32);
    v128.store(panel, v128.load(b, 48), 48);
    v128.store(panel, v128.load(b, 64), 64);
    v128.store(panel, v128.load(b, 80), 80);
    v128.store(panel, v128.load(b, 96), 96);
    v128.store(panel, v128.load(b, 112), 112);
  }
}

/** How many of n values are not zero. */
export function countNonzero(x: usize, n: i32): i32 {
  const zero = f32x4.splat(0);
  let counts = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) counts = i32x4.sub(counts, f32x4.ne(v128.load(x + ((<usize>i) << 2)), zero));
  let total =
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3);
  for (; i < n; i++) if (load<f32>(x + ((<usize>i) << 2)) != 0) total++;
  return total;
}

/** So many values are looked at of each stretch. Stretches are no power of two: rows may repeat after one. */
const LOOKED_AT: i32 = 64;
const STRETCH: i32 = 1088;

/** About which share of n values is not zero: exactly of few, by a fixed sample of many. */
export function shareNonzero(x: usize, n: i32): f64 {
  if (n <= 16 * STRETCH) return <f64>countNonzero(x, n) / <f64>n;
  let count: i32 = 0;
  let seen: i32 = 0;
  for (let i = 0; i + LOOKED_AT <= n; i += STRETCH, seen += LOOKED_AT) {
    count += countNonzero(x + (<usize>i << 2), LOOKED_AT);
  }
  return <f64>count / <f64>seen;
}

/** Compresses a dense [rows, cols] matrix by rows. The outputs hold countNonzero entries. */
export function compressRows(x: usize, rows: i32, cols: i32, rowStarts: usize, columns: usize, values: usize): void {
  const zero = f32x4.splat(0);
  let k: i32 = 0;
  let p = x;
  for (let r = 0; r < rows; r++) {
    store<i32>(rowStarts + ((<usize>r) << 2), k);
    let c: i32 = 0;
    for (; c + 4 <= cols; c += 4, p += 16) {
      const four = v128.load(p);
      let mask = i32x4.bitmask(f32x4.ne(four, zero));
      while (mask) {
        const lane = ctz(mask);
        mask &= mask - 1;
        store<i32>(columns + ((<usize>k) << 2), c + lane);
        store<f32>(values + ((<usize>k) << 2), load<f32>(p + ((<usize>lane) << 2)));
        k++;
      }
    }
    for (; c < cols; c++, p += 4) {
      const value = load<f32>(p);
      if (value != 0) {
        store<i32>(columns + ((<usize>k) << 2), c);
        store<f32>(values + ((<usize>k) << 2), value);
        k++;
      }
    }
  }
  store<i32>(rowStarts + ((<usize>rows) << 2), k);
}

/** Transposes a compressed [rows, cols] matrix. `outStarts` has cols + 2 entries; the last is scratch. */
export function transposeCsr(
  rowStarts: usize,
  columns: usize,
  values: usize,
  rows: i32,
  cols: i32,
  outStarts: usize,
  outColumns: usize,
  outValues: usize,
): void {
  memory.fill(outStarts, 0, (<usize>(cols + 2)) << 2);
  const count = load<i32>(rowStarts + ((<usize>rows) << 2));
  // Counts go two places to the right, so that after the scatter every start stands at its own place.
  for (let k = 0; k < count; k++) {
    const p = outStarts + ((<usize>(load<i32>(columns + ((<usize>k) << 2)) + 2)) << 2);
    store<i32>(p, load<i32>(p) + 1);
  }
  for (let c = 2; c <= cols + 1; c++) {
    const p = outStarts + ((<usize>c) << 2);
    store<i32>(p, load<i32>(p) + load<i32>(p - 4));
  }
  for (let r = 0; r < rows; r++) {
    const end = load<i32>(rowStarts + ((<usize>(r + 1)) << 2));
    for (let k = load<i32>(rowStarts + ((<usize>r) << 2)); k < end; k++) {
      const p = outStarts + ((<usize>(load<i32>(columns + ((<usize>k) << 2)) + 1)) << 2);
      const at = load<i32>(p);
      store<i32>(p, at + 1);
      store<i32>(outColumns + ((<usize>at) << 2), r);
      store<f32>(outValues + ((<usize>at) << 2), load<f32>(values + ((<usize>k) << 2)));
    }
  }
}

/** out[c, r] = x[r, c]. */
export function transpose(x: usize, rows: i32, cols: i32, out: usize): void {
  turn(x, rows, cols, <usize>cols << 2, out, <usize>rows << 2);
}

/**
 * out[c, r] = x[r, c] with rows so many bytes apart, in 4×4 tiles held in registers, walked in 32-row blocks so that
 * writes stay in cache.
 */
export function turn(x: usize, rows: i32, cols: i32, inStride: usize, out: usize, outStride: usize): void {
  for (let r0 = 0; r0 < rows; r0 += 32) {
    const r1 = min(r0 + 32, rows);
    let c: i32 = 0;
    for (; c + 4 <= cols; c += 4) {
      let r = r0;
      for (; r + 4 <= r1; r += 4) {
        const p = x + <usize>r * inStride + ((<usize>c) << 2);
        const q = out + <usize>c * outStride + ((<usize>r) << 2);
        const a = v128.load(p);
        const b = v128.load(p + inStride);
        const d = v128.load(p + 2 * inStride);
        const e = v128.load(p + 3 * inStride);
        const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
        const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
        const de01 = v128.shuffle<i32>(d, e, 0, 4, 1, 5);
        const de23 = v128.shuffle<i32>(d, e, 2, 6, 3, 7);
        v128.store(q, v128.shuffle<i64>(ab01, de01, 0, 2));
        v128.store(q + outStride, v128.shuffle<i64>(ab01, de01, 1, 3));
        v128.store(q + 2 * outStride, v128.shuffle<i64>(ab23, de23, 0, 2));
        v128.store(q + 3 * outStride, v128.shuffle<i64>(ab23, de23, 1, 3));
      }
      for (; r < r1; r++) {
        for (let j = 0; j < 4; j++) {
          store<f32>(
            out + <usize>(c + j) * outStride + ((<usize>r) << 2),
            load<f32>(x + <usize>r * inStride + ((<usize>(c + j)) << 2)),
          );
        }
      }
    }
    for (; c < cols; c++) {
      for (let r = r0; r < r1; r++) {
        store<f32>(
          out + <usize>c * outStride + ((<usize>r) << 2),
          load<f32>(x + <usize>r * inStride + ((<usize>c) << 2)),
        );
      }
    }
  }
}

/** out[r] = Σ_c x[r, c]: the gradient of a bias. */
export function sumRows(x: usize, rows: i32, cols: i32, out: usize): void {
  let p = x;
  for (let r = 0; r < rows; r++) {
    let sums = f32x4.splat(0);
    let c: i32 = 0;
    for (; c + 4 <= cols; c += 4, p += 16) sums = f32x4.add(sums, v128.load(p));
    let sum: f32 = sumLanes(sums);
    for (; c < cols; c++, p += 4) sum += load<f32>(p);
    store<f32>(out + ((<usize>r) << 2), sum);
  }
}

/** y[r, :] += bias[r]. */
export function addToRows(bias: usize, rows: i32, cols: i32, y: usize): void {
  let p = y;
  for (let r = 0; r < rows; r++) {
    const b = load<f32>(bias + ((<usize>r) << 2));
    const bb = f32x4.splat(b);
    let c: i32 = 0;
    for (; c + 4 <= cols; c += 4, p += 16) v128.store(p, f32x4.add(v128.load(p), bb));
    for (; c < cols; c++, p += 4) store<f32>(p, load<f32>(p) + b);
  }
}
