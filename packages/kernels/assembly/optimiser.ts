// In-place steps of the optimiser over flat arrays.

/** Σ x². Sums in f64, four partial sums, so that a million small gradients lose nothing. */
export function sumOfSquares(x: usize, n: i32): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let i: i32 = 0;
  for (; i + 2 <= n; i += 2) {
    const p = x + ((<usize>i) << 2);
    const u = <f64>load<f32>(p);
    const w = <f64>load<f32>(p + 4);
    a += u * u;
    b += w * w;
  }
  if (i < n) {
    const u = <f64>load<f32>(x + ((<usize>i) << 2));
    a += u * u;
  }
  return a + b;
}

/**
 * Adam (Kingma & Ba 2015): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate · m̂ / (√v̂ + ε),
 * with g the given gradient times `gradientScale`, m̂ = m · correction1, v̂ = v · correction2.
 */
export function adamStep(
  weights: usize,
  gradient: usize,
  m: usize,
  v: usize,
  n: i32,
  gradientScale: f32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  correction1: f32,
  correction2: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const one1 = f32x4.splat(1 - beta1);
  const one2 = f32x4.splat(1 - beta2);
  const step = f32x4.splat(rate * correction1);
  const c2 = f32x4.splat(correction2);
  const eps = f32x4.splat(epsilon);
  const gs = f32x4.splat(gradientScale);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const at = (<usize>i) << 2;
    const g = f32x4.mul(v128.load(gradient + at), gs);
    const mm = f32x4.add(f32x4.mul(v128.load(m + at), b1), f32x4.mul(g, one1));
    const vv = f32x4.add(f32x4.mul(v128.load(v + at), b2), f32x4.mul(f32x4.mul(g, g), one2));
    v128.store(m + at, mm);
    v128.store(v + at, vv);
    const down = f32x4.div(f32x4.mul(mm, step), f32x4.add(f32x4.sqrt(f32x4.mul(vv, c2)), eps));
    v128.store(weights + at, f32x4.sub(v128.load(weights + at), down));
  }
  for (; i < n; i++) {
    const at = (<usize>i) << 2;
    const g: f32 = load<f32>(gradient + at) * gradientScale;
    const mm: f32 = load<f32>(m + at) * beta1 + g * (1 - beta1);
    const vv: f32 = load<f32>(v + at) * beta2 + g * g * (1 - beta2);
    store<f32>(m + at, mm);
    store<f32>(v + at, vv);
    const down: f32 = (mm * (rate * correction1)) / (sqrt<f32>(vv * correction2) + epsilon);
    store<f32>(weights + at, load<f32>(weights + at) - down);
  }
}
