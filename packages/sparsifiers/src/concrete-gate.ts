import type { RandomStream } from "@filigree/core";

/** The shape of a hard concrete distribution (Louizos, Welling & Kingma 2018, section 2.2). */
export interface GateShape {
  /** β. */
  readonly temperature: number;
  /** −γ, and ζ − 1. */
  readonly stretch: number;
}

/** A gate as it was drawn. */
export interface DrawnGate {
  /** In [0, 1]; what the weight is multiplied by. */
  readonly gate: number;
  /** d gate / d log α. */
  readonly slope: number;
}

/** Draws the gate of a log α: equation 10 of the paper. */
export function drawGate(logAlpha: number, { temperature, stretch }: GateShape, random: RandomStream): DrawnGate {
  const u = random.uniform() || Number.MIN_VALUE;
  const soft = logistic((Math.log(u) - Math.log1p(-u) + logAlpha) / temperature);
  const stretched = soft * (1 + 2 * stretch) - stretch;
  const inside = stretched > 0 && stretched < 1;
  return {
    gate: Math.min(1, Math.max(0, stretched)),
    slope: inside ? ((1 + 2 * stretch) * soft * (1 - soft)) / temperature : 0,
  };
}

/** The probability that a drawn gate is not 0: equation 12. */
export function openProbability(logAlpha: number, { temperature, stretch }: GateShape): number {
  return logistic(logAlpha + temperature * Math.log((1 + stretch) / stretch));
}

/** The gate without noise, of a trained model: equation 13. */
export function finalGate(logAlpha: number, { stretch }: GateShape): number {
  return Math.min(1, Math.max(0, logistic(logAlpha) * (1 + 2 * stretch) - stretch));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
