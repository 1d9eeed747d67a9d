import { sumLanes } from "./lanes";
import { exp1, exp4 } from "./exp";

// The gradient of attention over [heads · dHead, batch · seq] tensors, one query at a time. The keys of a sequence lie
// side by side, so weights and their gradients are computed along keys, four to a vector, in one row buffer per query.

/** row[s] = scale · Σ_c q[c, t] · k[c, s] for s < n, then exponentiated; returns the denominator's inverse. */
// @ts-ignore: decorator
@inline
function softmaxRow(q: usize, k: usize, dHead: i32, stride: usize, n: i32, scale: f32, sink: f32, row: usize): f32 {
  let s: i32 = 0;
  for (; s + 8 <= n; s += 8) {
    const at = <usize>s << 2;
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    for (let c = 0; c < dHead; c++) {
      const w = v128.load32_splat(q + <usize>c * stride);
      const p = k + <usize>c * stride + at;
      a0 = f32x4.add(a0, f32x4.mul(w, v128.load(p)));
      a1 = f32x4.add(a1, f32x4.mul(w, v128.load(p, 16)));
    }
    v128.store(row + at, f32x4.mul(a0, f32x4.splat(scale)));
    v128.store(row + at, f32x4.mul(a1, f32x4.splat(scale)), 16);
  }
  for (; s < n; s++) {
    let sum: f32 = 0;
    for (let c = 0; c < dHead; c++) {
      sum += load<f32>(q + <usize>c * stride) * load<f32>(k + <usize>c * stride + (<usize>s << 2));
    }
    store<f32>(row + (<usize>s << 2), sum * scale);
  }
  let largest: f32 = sink;
  for (s = 0; s < n; s++) largest = max(largest, load<f32>(row + (<usize>s << 2)));
  const shift = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  for (s = 0; s + 4 <= n; s += 4) {
    const e = exp4(f32x4.sub(v128.load(row + (<usize>s << 2)), shift));
    v128.store(row + (<usize>s << 2), e);
    sums = f32x4.add(sums, e);
  }
  let total: f32 = sumLanes(sums);
  for (; s < n; s++) {
    const e = exp1(load<f32>(row + (<usize>s << 2)) - largest);
    store<f32>(row + (<usize>s << 2), e);
    total += e;
  }
  total += exp1(sink - largest);
  const inverse: f32 = 1 / total;
  const factor = f32x4.splat(inverse);
  for (s = 0; s + 4 <= n; s += 4) {
    const p = row + (<usize>s << 2);
    v128.store(p, f32x4.mul(v128.load(p), factor));
  }
  for (; s < n; s++) {
    const p = row + (<usize>s << 2);
    store<f32>(p, load<f32>(p) * inverse);
  }
  return exp1(sink - largest) * inverse;
}

/** Σ_s a[s] · b[s] over n values. */
// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, n: i32): f32 {
  let sums = f32x4.splat(0);
  let s: i32 = 0;
  for (; s + 4 <= n; s += 4) {
    sums = f32x4.add(sums, f32x4.mul(v128.load(a + (<usize>s << 2)), v128.load(b + (<usize>s << 2))));
  }
  let sum: f32 = sumLanes(sums);
  for (; s < n; s++) sum += load<f32>(a + (<usize>s << 2)) * load<f32>(b + (<usize>s << 2));
  return sum;
}

/** a[s] += w · b[s] over n values. */
// @ts-ignore: decorator
@inline
function addScaled(a: usize, w: f32, b: usize, n: i32): void {
  const ww = f32x4.splat(w);
  let s: i32 = 0;
  for (; s + 4 <= n; s += 4) {
    const p = a + (<usize>s << 2);
    v128.store(p, f32x4.add(v128.load(p), f32x4.mul(ww, v128.load(b + (<usize>s << 2)))));
  }
  for (; s < n; s++) {
    const p = a + (<usize>s << 2);
    store<f32>(p, load<f32>(p) + w * load<f32>(b + (<usize>s << 2)));
  }
}

/** The sink of a head, or a value whose exponential vanishes where the model has none (`sinks` = 0). */
// @ts-ignore: decorator
@inline
function sinkOf(sinks: usize, head: i32): f32 {
  return sinks ? load<f32>(sinks + (<usize>head << 2)) : -1e30;
}

/** dq, dk, dv must be zero on entry; dsinks (if any) too. `row` holds 2 · seq values. */
export function attentionGrad(
  q: usize,
  k: usize,
  v: usize,
  sinks: usize,
  dy: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  row: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  dsinks: usize,
): void {
  const stride = <usize>(batch * seq) << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>dHead);
  const slope = row + (<usize>seq << 2);
  for (let h = 0; h < heads; h++) {
    let dsink: f32 = 0;
    for (let b = 0; b < batch; b++) {
      const base = <usize>(h * dHead) * stride + (<usize>(b * seq) << 2);
      for (let t = 0; t < seq; t++) {
        const at = base + (<usize>t << 2);
        const n = causal ? t + 1 : seq;
        const sinkWeight = softmaxRow(q + at, k + base, dHead, stride, n, scale, sinkOf(sinks, h), row);
        memory.fill(slope, 0, <usize>n << 2);
        for (let c = 0; c < dHead; c++) {
          const channel = <usize>c * stride;
          const g = load<f32>(dy + at + channel);
          if (g == 0) continue;
          addScaled(slope, g, v + base + channel, n);
          addScaled(dv + base + channel, g, row, n);
        }
        // d score = weight · (d weight − Σ weight · d weight); the sink's own d weight is 0.
        const mean = dot(row, slope, n);
        dsink -= sinkWeight * mean;
        for (let s = 0; s < n; s++) {
          const p = <usize>s << 2;
          store<f32>(slope + p, load<f32>(row + p) * (load<f32>(slope + p) - mean) * scale);
        }
        for (let c = 0; c < dHead; c++) {
          const channel = <usize>c * stride;
          store<f32>(dq + at + channel, dot(slope, k + base + channel, n));
          const w = load<f32>(q + at + channel);
          if (w != 0) addScaled(dk + base + channel, w, slope, n);
        }
      }
    }
    if (dsinks) store<f32>(dsinks + (<usize>h << 2), dsink);
  }
}
