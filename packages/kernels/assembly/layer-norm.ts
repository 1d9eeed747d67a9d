import { sumLanes } from "./lanes";
import { inverseRoots, meansOf, sumChannels, sumSquares } from "./doubles";

// LayerNorm over channels of [channels, tokens]: y = (x − μ) · r · gain + bias, μ = mean(x) and
// r = (mean((x − μ)²) + eps)^(−1/2) for each token. The variance is taken in a second pass: E[x²] − μ² would cancel.

/** `means` and `scales` [tokens] receive μ and r; `bias` is 0 where there is none; `sums` holds 2 · tokens values. */
export function layerNorm(
  x: usize,
  gain: usize,
  bias: usize,
  channels: i32,
  tokens: i32,
  eps: f32,
  y: usize,
  means: usize,
  scales: usize,
  sums: usize,
): void {
  sumChannels(x, channels, tokens, sums);
  meansOf(sums, channels, tokens, means);
  sumSquares(x, means, channels, tokens, sums);
  inverseRoots(sums, channels, tokens, eps, scales);
  const stride = <usize>tokens << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    const g = load<f32>(gain + (<usize>c << 2));
    const added: f32 = bias ? load<f32>(bias + (<usize>c << 2)) : 0;
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = <usize>t << 2;
      const normal = f32x4.mul(f32x4.sub(v128.load(x + row + at), v128.load(means + at)), v128.load(scales + at));
      v128.store(y + row + at, f32x4.add(f32x4.mul(normal, f32x4.splat(g)), f32x4.splat(added)));
    }
    for (; t < tokens; t++) {
      const at = <usize>t << 2;
      const normal: f32 = (load<f32>(x + row + at) - load<f32>(means + at)) * load<f32>(scales + at);
      store<f32>(y + row + at, normal * g + added);
    }
  }
}

/** With x̂ = (x − μ)·r and g = gain·dy: dx = r · (g − mean(g) − x̂ · mean(g·x̂)), means over channels. */
export function layerNormGradInput(
  x: usize,
  gain: usize,
  means: usize,
  scales: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  dx: usize,
): void {
  const stride = (<usize>tokens) << 2;
  const count = <f32>channels;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = (<usize>t) << 2;
    const mean = v128.load(means + at);
    const r = v128.load(scales + at);
    let level = f32x4.splat(0);
    let pull = f32x4.splat(0);
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g = f32x4.mul(v128.load32_splat(gain + ((<usize>c) << 2)), v128.load(dy + p));
      level = f32x4.add(level, g);
      pull = f32x4.add(pull, f32x4.mul(g, f32x4.mul(f32x4.sub(v128.load(x + p), mean), r)));
    }
    level = f32x4.div(level, f32x4.splat(count));
    pull = f32x4.div(pull, f32x4.splat(count));
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g = f32x4.mul(v128.load32_splat(gain + ((<usize>c) << 2)), v128.load(dy + p));
      const centred = f32x4.mul(f32x4.sub(v128.load(x + p), mean), r);
      v128.store(dx + p, f32x4.mul(r, f32x4.sub(f32x4.sub(g, level), f32x4.mul(centred, pull))));
    }
  }
  for (; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const mean = load<f32>(means + at);
    const r = load<f32>(scales + at);
    let level: f32 = 0;
    let pull: f32 = 0;
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g: f32 = load<f32>(gain + ((<usize>c) << 2)) * load<f32>(dy + p);
      level += g;
      pull += g * ((load<f32>(x + p) - mean) * r);
    }
    level /= count;
    pull /= count;
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g: f32 = load<f32>(gain + ((<usize>c) << 2)) * load<f32>(dy + p);
      store<f32>(dx + p, r * (g - level - (load<f32>(x + p) - mean) * r * pull));
    }
  }
}

/** dgain[c] = Σ_t dy · (x − μ) · r. */
export function layerNormGradGain(
  x: usize,
  means: usize,
  scales: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  dgain: usize,
): void {
  const stride = (<usize>tokens) << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    let sums = f32x4.splat(0);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = (<usize>t) << 2;
      const centred = f32x4.mul(f32x4.sub(v128.load(x + row + at), v128.load(means + at)), v128.load(scales + at));
      sums = f32x4.add(sums, f32x4.mul(v128.load(dy + row + at), centred));
    }
    let sum: f32 = sumLanes(sums);
    for (; t < tokens; t++) {
      const at = (<usize>t) << 2;
      const centred: f32 = (load<f32>(x + row + at) - load<f32>(means + at)) * load<f32>(scales + at);
      sum += load<f32>(dy + row + at) * centred;
    }
    store<f32>(dgain + ((<usize>c) << 2), sum);
  }
}
