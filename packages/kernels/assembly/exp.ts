// Exponentials in four lanes, to about one and a half units in the last place. Scalars use lane 0 of the same code, so
// a value does not depend on whether it fell into a vector or into a tail.

/** 1.5 · 2²³: adding it rounds to a whole number, which then stands in the low bits. */
const ROUND: f32 = 12582912.0;

/**
 * 2^x for x ≤ 127: x is a whole number and a rest in [−½, ½], whose power is a polynomial of degree 5 (least largest
 * relative error, 1 at 0). Below −126 the result is 0, so that masked keys weigh nothing.
 */
// @ts-ignore: decorator
@inline
export function pow2(x: v128): v128 {
  const t = f32x4.add(x, f32x4.splat(ROUND));
  const r = f32x4.sub(x, f32x4.sub(t, f32x4.splat(ROUND)));
  let p = f32x4.splat(1.326472614891827e-3);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(9.671512991189957e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.550733581185341e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(2.4022242426872253e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(6.931470036506653e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1));
  // The whole number goes straight into the exponent.
  return v128.and(i32x4.add(p, i32x4.shl(t, 23)), f32x4.ge(x, f32x4.splat(-126)));
}

/** log₂ e. */
export const LOG2E: f32 = 1.4426950408889634;

/** e^x for x ≤ 88, in the same way: a rest by ln 2 in two parts, then a polynomial (coefficients as in Cephes' expf). */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const t = f32x4.add(f32x4.mul(x, f32x4.splat(LOG2E)), f32x4.splat(ROUND));
  const n = f32x4.sub(t, f32x4.splat(ROUND));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  // Below the limit the true value is under 1.2e-38: give 0.
  return v128.and(i32x4.add(p, i32x4.shl(t, 23)), f32x4.ge(x, f32x4.splat(-87.3)));
}

// @ts-ignore: decorator
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/**
 * Natural logarithm of a positive normal number: 2 · atanh((m − 1)/(m + 1)) + e · ln 2 with m in [√½, √2).
 * The standard library's reads a table in static memory, and this module must not own any: its memory is tfjs's.
 */
export function log64(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let series: f64 = 1.0 / 17.0;
  for (let n = 15; n >= 1; n -= 2) series = series * s2 + 1.0 / <f64>n;
  return 2 * s * series + <f64>exponent * 0.6931471805599453;
}
