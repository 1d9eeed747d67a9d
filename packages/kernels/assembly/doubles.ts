// Sums over the channels of [channels, tokens] in double precision, for norms. An error of a norm's scale moves every
// channel of a token the same way, and so does not average out in later products as the errors of single channels do.
//
// Rows are read from end to end, BLOCK of them side by side. Their terms are added in single precision before they join
// the double sum of their token, `sums` [tokens].

const BLOCK: i32 = 8;

/** sums[t] = Σ_c x[c, t]. */
export function sumChannels(x: usize, channels: i32, tokens: i32, sums: usize): void {
  memory.fill(sums, 0, <usize>tokens << 3);
  const stride = <usize>tokens << 2;
  for (let c = 0; c < channels; c += BLOCK) {
    const first = x + <usize>c * stride;
    const rows = min(BLOCK, channels - c);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = first + (<usize>t << 2);
      let sum = f32x4.splat(0);
      for (let r = 0; r < rows; r++) sum = f32x4.add(sum, v128.load(at + <usize>r * stride));
      addLanes(sums + (<usize>t << 3), sum);
    }
    for (; t < tokens; t++) {
      const at = first + (<usize>t << 2);
      let sum: f32 = 0;
      for (let r = 0; r < rows; r++) sum += load<f32>(at + <usize>r * stride);
      const p = sums + (<usize>t << 3);
      store<f64>(p, load<f64>(p) + <f64>sum);
    }
  }
}

/** sums[t] = Σ_c (x[c, t] − means[t])²; without means where `means` is 0. */
export function sumSquares(x: usize, means: usize, channels: i32, tokens: i32, sums: usize): void {
  memory.fill(sums, 0, <usize>tokens << 3);
  const stride = <usize>tokens << 2;
  for (let c = 0; c < channels; c += BLOCK) {
    const first = x + <usize>c * stride;
    const rows = min(BLOCK, channels - c);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = first + (<usize>t << 2);
      const mean = means ? v128.load(means + (<usize>t << 2)) : f32x4.splat(0);
      let sum = f32x4.splat(0);
      for (let r = 0; r < rows; r++) {
        const v = f32x4.sub(v128.load(at + <usize>r * stride), mean);
        sum = f32x4.add(sum, f32x4.mul(v, v));
      }
      addLanes(sums + (<usize>t << 3), sum);
    }
    for (; t < tokens; t++) {
      const at = first + (<usize>t << 2);
      const mean: f32 = means ? load<f32>(means + (<usize>t << 2)) : 0;
      let sum: f32 = 0;
      for (let r = 0; r < rows; r++) {
        const v: f32 = load<f32>(at + <usize>r * stride) - mean;
        sum += v * v;
      }
      const p = sums + (<usize>t << 3);
      store<f64>(p, load<f64>(p) + <f64>sum);
    }
  }
}

/** means[t] = sums[t] / channels. */
export function meansOf(sums: usize, channels: i32, tokens: i32, means: usize): void {
  for (let t = 0; t < tokens; t++) {
    store<f32>(means + (<usize>t << 2), <f32>(load<f64>(sums + (<usize>t << 3)) / <f64>channels));
  }
}

/** scales[t] = (sums[t] / channels + eps)^(−1/2). */
export function inverseRoots(sums: usize, channels: i32, tokens: i32, eps: f32, scales: usize): void {
  for (let t = 0; t < tokens; t++) {
    const mean = load<f64>(sums + (<usize>t << 3)) / <f64>channels;
    store<f32>(scales + (<usize>t << 2), <f32>(1 / sqrt<f64>(mean + <f64>eps)));
  }
}

/** Adds four floats to four doubles. */
// @ts-ignore: decorator
@inline
function addLanes(sums: usize, v: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(v)));
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 1));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
}
