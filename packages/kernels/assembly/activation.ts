import { LOG2E, pow2 } from "./exp";

// GELU with the exact normal distribution function: x · Φ(x), Φ by Abramowitz & Stegun 7.1.26 (error below 1.5e-7).

/** e^(−x²/2) as a power of two. */
// @ts-ignore: decorator
@inline
function bell(x: v128): v128 {
  return pow2(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5 * LOG2E)));
}

/** Φ(x), given bell(x). */
// @ts-ignore: decorator
@inline
function normalCdf(x: v128, power: v128): v128 {
  const z = f32x4.abs(x);
  const t = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.mul(z, f32x4.splat(0.3275911 * 0.7071067811865476))));
  // The polynomial's coefficients are halved: Φ(−z√2) = erfc(z) / 2.
  let p = f32x4.splat(1.061405429 / 2);
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.453152027 / 2));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.421413741 / 2));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.284496736 / 2));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.254829592 / 2));
  const tail = f32x4.mul(f32x4.mul(p, t), power); // Φ(−|x|)
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function geluOf(x: v128): v128 {
  return f32x4.mul(x, normalCdf(x, bell(x)));
}

// @ts-ignore: decorator
@inline
function geluSlope(x: v128): v128 {
  const power = bell(x);
  return f32x4.add(normalCdf(x, power), f32x4.mul(x, f32x4.mul(f32x4.splat(0.3989422804014327), power)));
}

export function gelu(x: usize, n: i32, y: usize): void {
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const at = <usize>i << 2;
    const v = v128.load(x + at);
    const w = v128.load(x + at, 16);
    v128.store(y + at, geluOf(v));
    v128.store(y + at, geluOf(w), 16);
  }
  for (; i < n; i++) {
    const at = <usize>i << 2;
    const v = v128.load32_splat(x + at);
    store<f32>(y + at, f32x4.extract_lane(geluOf(v), 0));
  }
}

export function geluGrad(x: usize, dy: usize, n: i32, dx: usize): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at = <usize>i << 2;
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), geluSlope(v128.load(x + at))));
  }
  for (; i < n; i++) {
    const at = <usize>i << 2;
    const slope = f32x4.extract_lane(geluSlope(v128.load32_splat(x + at)), 0);
    store<f32>(dx + at, load<f32>(dy + at) * slope);
  }
}
