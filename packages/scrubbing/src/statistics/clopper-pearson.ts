import type { Interval } from "./bootstrap.ts";

/**
 * The exact interval of a proportion (Clopper & Pearson 1934) at an effective number of trials, which need not be
 * whole: observations of one cluster are worth less than as many independent ones.
 */
export function clopperPearson(share: number, trials: number, alpha: number): Interval {
  const successes = share * trials;
  const low = successes <= 0 ? 0 : betaQuantile(alpha / 2, successes, trials - successes + 1);
  const high = successes >= trials ? 1 : betaQuantile(1 - alpha / 2, successes + 1, trials - successes);
  return { estimate: share, low, high, n: trials };
}

/**
 * Trials that a clustered proportion is worth: n divided by the design effect, the ratio of the variance of its mean
 * with clusters to that without (Kish 1965). Where all outcomes are equal the variance says nothing, and the number of
 * clusters, the least it can be, stands in.
 */
export function effectiveTrials(outcomes: readonly boolean[], clusters: readonly number[]): number {
  const n = outcomes.length;
  const share = outcomes.filter(Boolean).length / n;
  const byCluster = new Map<number, { size: number; sum: number }>();
  outcomes.forEach((outcome, i) => {
    const entry = byCluster.get(clusters[i]!) ?? { size: 0, sum: 0 };
    entry.size++;
    entry.sum += Number(outcome);
    byCluster.set(clusters[i]!, entry);
  });
  const independent = (share * (1 - share)) / n;
  if (independent === 0) return byCluster.size;
  let clustered = 0;
  for (const { size, sum } of byCluster.values()) clustered += (sum - size * share) ** 2;
  const k = byCluster.size;
  const variance = k > 1 ? ((clustered / n ** 2) * k) / (k - 1) : Infinity;
  return Math.max(1, Math.min(n, (n * independent) / variance));
}

/** Solves I_x(a, b) = p by bisection. */
function betaQuantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  // The fraction converges fast on one side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const tiny = 1e-300;
  let f = 1;
  let c = 1;
  let d = 0;
  for (let i = 0; i <= 1000; i++) {
    const m = Math.floor(i / 2);
    const numerator =
      i === 0
        ? 1
        : i % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + numerator * d;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = 1 + numerator / c;
    if (Math.abs(c) < tiny) c = tiny;
    f *= c * d;
    if (Math.abs(1 - c * d) < 1e-14) break;
  }
  return (front * (f - 1)) / a;
}

/** ln Γ(z) for z > 0: Stirling's series above 10, the recurrence Γ(z + 1) = z Γ(z) below. */
function logGamma(z: number): number {
  let shift = 0;
  while (z < 10) shift -= Math.log(z++);
  const z2 = z * z;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * z2)) / z2) / z2) / z;
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}
