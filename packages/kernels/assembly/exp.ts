// e^x in four lanes, to about one unit in the last place: range reduction by ln 2 in two parts, then a degree-6
// polynomial on [−ln 2 / 2, ln 2 / 2] (coefficients as in Cephes' expf). Scalars use lane 0 of the same code, so a
// value does not depend on whether it fell into a vector or into a tail.

// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.max(f32x4.min(x, f32x4.splat(88.0)), f32x4.splat(-87.3));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  // Below the clamp the true value is under 1.2e-38: give 0, so that masked keys weigh nothing.
  return v128.and(f32x4.mul(p, power), f32x4.ge(x, f32x4.splat(-87.3)));
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
