import { sumLanes } from "./lanes";

// Matrix products that skip zeros. Everything here is row-major f32; `usize` arguments are byte addresses.

/** Columns handled per pass: eight v128 accumulators, and a panel of B that stays in the first-level cache. */
const PANEL: i32 = 32;

/** Rows of b are packed where each is read at least so often in a panel. */
const PACK_FROM: i32 = 4;

/** Floats of scratch for csrMatMul. */
export function csrMatMulScratch(nonzeros: i32, inner: i32): i32 {
  return nonzeros >= PACK_FROM * inner ? inner * PANEL : 0;
}

/**
 * out[r, :] = bias[r] + Σ_k values[k] · b[columns[k], :], k over row r of the compressed matrix.
 * Each element sums in the order of k whatever its column, so results do not depend on how many columns there are.
 * `bias` may be 0: none. `panel` holds `csrMatMulScratch` floats: where rows of b are read often, 32 columns of them
 * are laid side by side first, so that a row costs two cache lines and the whole panel a few pages (taken from b
 * itself, every row would be a page of its own).
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
  panel: usize,
  out: usize,
): void {
  const stride: usize = <usize>n << 2;
  // A matrix of 32 columns lies as it would be packed.
  const packed = n > PANEL && load<i32>(rowStarts + (<usize>rows << 2)) >= PACK_FROM * inner;
  const pitch: usize = packed ? 128 : stride;
  let c: i32 = 0;
  for (; c + PANEL <= n; c += PANEL) {
    const source = b + (<usize>c << 2);
    if (packed) packPanel(source, inner, stride, panel);
    const base = packed ? panel : source;
    for (let r = 0; r < rows; r++) {
      let k: usize = <usize>load<i32>(rowStarts + (<usize>r << 2)) << 2;
      const end: usize = <usize>load<i32>(rowStarts + (<usize>(r + 1) << 2)) << 2;
      let a0 = f32x4.splat(bias ? load<f32>(bias + (<usize>r << 2)) : 0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let a4 = a0;
      let a5 = a0;
      let a6 = a0;
      let a7 = a0;
      for (; k < end; k += 4) {
        const w = v128.load32_splat(values + k);
        const p = base + <usize>load<i32>(columns + k) * pitch;
        a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
        a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(w, v128.load(p, 32)));
        a3 = f32x4.add(a3, f32x4.mul(w, v128.load(p, 48)));
        a4 = f32x4.add(a4, f32x4.mul(w, v128.load(p, 64)));
        a5 = f32x4.add(a5, f32x4.mul(w, v128.load(p, 80)));
        a6 = f32x4.add(a6, f32x4.mul(w, v128.load(p, 96)));
        a7 = f32x4.add(a7, f32x4.mul(w, v128.load(p, 112)));
      }
      const o = out + <usize>r * stride + (<usize>c << 2);
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

/** out[c, r] = x[r, c], in 4×4 tiles held in registers, walked in 32-row blocks so that writes stay in cache. */
export function transpose(x: usize, rows: i32, cols: i32, out: usize): void {
  const inStride = (<usize>cols) << 2;
  const outStride = (<usize>rows) << 2;
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
