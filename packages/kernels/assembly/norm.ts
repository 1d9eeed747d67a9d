import { sumLanes } from "./lanes";
import { inverseRoots, sumSquares } from "./doubles";

// RMSNorm over channels of [channels, tokens]: y = x · r · gain, r = (mean(x²) + eps)^(−1/2) for each token.

/** `scale` [tokens] receives r; `sums` holds 2 · tokens values. */
export function rmsNorm(
  x: usize,
  gain: usize,
  channels: i32,
  tokens: i32,
  eps: f32,
  y: usize,
  scale: usize,
  sums: usize,
): void {
  sumSquares(x, 0, channels, tokens, sums);
  inverseRoots(sums, channels, tokens, eps, scale);
  const stride = <usize>tokens << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    const g = load<f32>(gain + (<usize>c << 2));
    const factor = f32x4.splat(g);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = <usize>t << 2;
      v128.store(y + row + at, f32x4.mul(f32x4.mul(v128.load(x + row + at), v128.load(scale + at)), factor));
    }
    for (; t < tokens; t++) {
      const at = <usize>t << 2;
      store<f32>(y + row + at, load<f32>(x + row + at) * load<f32>(scale + at) * g);
    }
  }
}

/**
 * dx = r·gain·dy − x·r³/C·Σ_c gain·dy·x and dgain[c] = Σ_t dy·x·r. Rows are read from end to end. `pulls` holds one value
 * per token.
 */
export function rmsNormGrad(
  x: usize,
  gain: usize,
  scale: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  pulls: usize,
  dx: usize,
  dgain: usize,
): void {
  const stride = <usize>tokens << 2;
  memory.fill(pulls, 0, stride);
  for (let c = 0; c < channels; c += BLOCK) addPulls(x, gain, dy, c, min(c + BLOCK, channels), tokens, pulls);
  for (let t = 0; t < tokens; t++) {
    const r = load<f32>(scale + (<usize>t << 2));
    const p = pulls + (<usize>t << 2);
    store<f32>(p, (load<f32>(p) * (r * (r * r))) / <f32>channels);
  }
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    const g = load<f32>(gain + (<usize>c << 2));
    const factor = f32x4.splat(g);
    let sums = f32x4.splat(0);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = <usize>t << 2;
      const value = v128.load(x + row + at);
      const slope = f32x4.mul(v128.load(dy + row + at), v128.load(scale + at));
      sums = f32x4.add(sums, f32x4.mul(slope, value));
      v128.store(dx + row + at, f32x4.sub(f32x4.mul(slope, factor), f32x4.mul(value, v128.load(pulls + at))));
    }
    let sum: f32 = sumLanes(sums);
    for (; t < tokens; t++) {
      const at = <usize>t << 2;
      const value = load<f32>(x + row + at);
      const slope = load<f32>(dy + row + at) * load<f32>(scale + at);
      sum += slope * value;
      store<f32>(dx + row + at, slope * g - value * load<f32>(pulls + at));
    }
    store<f32>(dgain + (<usize>c << 2), sum);
  }
}

/** Rows side by side in a sum over channels. */
const BLOCK: i32 = 8;

/** pulls[t] += Σ_c gain·dy·x over some channels. */
function addPulls(x: usize, gain: usize, dy: usize, first: i32, end: i32, tokens: i32, pulls: usize): void {
  const stride = <usize>tokens << 2;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = <usize>t << 2;
    let sum = v128.load(pulls + at);
    for (let c = first; c < end; c++) {
      const p = <usize>c * stride + at;
      const g = f32x4.mul(v128.load32_splat(gain + (<usize>c << 2)), v128.load(dy + p));
      sum = f32x4.add(sum, f32x4.mul(g, v128.load(x + p)));
    }
    v128.store(pulls + at, sum);
  }
  for (; t < tokens; t++) {
    const at = <usize>t << 2;
    let sum = load<f32>(pulls + at);
    for (let c = first; c < end; c++) {
      const p = <usize>c * stride + at;
      sum += load<f32>(gain + (<usize>c << 2)) * load<f32>(dy + p) * load<f32>(x + p);
    }
    store<f32>(pulls + at, sum);
  }
}
