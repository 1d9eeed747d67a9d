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

/** dx = r·gain·dy − x·r³/C·Σ_c gain·dy·x. */
export function rmsNormGradInput(
  x: usize,
  gain: usize,
  scale: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  dx: usize,
): void {
  const stride = (<usize>tokens) << 2;
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = (<usize>t) << 2;
    const r = v128.load(scale + at);
    let dot = f32x4.splat(0);
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g = f32x4.mul(v128.load32_splat(gain + ((<usize>c) << 2)), v128.load(dy + p));
      dot = f32x4.add(dot, f32x4.mul(g, v128.load(x + p)));
    }
    const pull = f32x4.div(f32x4.mul(dot, f32x4.mul(r, f32x4.mul(r, r))), f32x4.splat(<f32>channels));
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      const g = f32x4.mul(v128.load32_splat(gain + ((<usize>c) << 2)), v128.load(dy + p));
      v128.store(dx + p, f32x4.sub(f32x4.mul(g, r), f32x4.mul(v128.load(x + p), pull)));
    }
  }
  for (; t < tokens; t++) {
    const at = (<usize>t) << 2;
    const r = load<f32>(scale + at);
    let dot: f32 = 0;
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      dot += load<f32>(gain + ((<usize>c) << 2)) * load<f32>(dy + p) * load<f32>(x + p);
    }
    const pull: f32 = (dot * (r * (r * r))) / <f32>channels;
    for (let c = 0; c < channels; c++) {
      const p = at + <usize>c * stride;
      store<f32>(dx + p, load<f32>(gain + ((<usize>c) << 2)) * load<f32>(dy + p) * r - load<f32>(x + p) * pull);
    }
  }
}

/** dgain[c] = Σ_t dy·x·r. */
export function rmsNormGradGain(x: usize, scale: usize, dy: usize, channels: i32, tokens: i32, dgain: usize): void {
  const stride = (<usize>tokens) << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    let sums = f32x4.splat(0);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = (<usize>t) << 2;
      sums = f32x4.add(
        sums,
        f32x4.mul(f32x4.mul(v128.load(dy + row + at), v128.load(x + row + at)), v128.load(scale + at)),
      );
    }
    let sum: f32 = sumLanes(sums);
    for (; t < tokens; t++) {
      const at = (<usize>t) << 2;
      sum += load<f32>(dy + row + at) * load<f32>(x + row + at) * load<f32>(scale + at);
    }
    store<f32>(dgain + ((<usize>c) << 2), sum);
  }
}
