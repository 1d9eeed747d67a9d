/**
 * P(Z > z) of the standard normal distribution, for z ≥ 0: Mills' ratio as a continued fraction (Laplace) where z is
 * large, the series of the error function where it is small.
 */
export function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let k = 40; k >= 1; k--) fraction = z + k / fraction;
    return density / fraction;
  }
  let term = z;
  let sum = z;
  for (let k = 1; Math.abs(term) > 1e-17; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
}

/** The p-quantile of the standard normal distribution, for 0 < p < ½, by bisection. */
export function normalQuantile(p: number): number {
  let [near, far] = [0, 40];
  for (let i = 0; i < 100; i++) {
    const middle = (near + far) / 2;
    if (normalTail(middle) > p) near = middle;
    else far = middle;
  }
  return -(near + far) / 2;
}
