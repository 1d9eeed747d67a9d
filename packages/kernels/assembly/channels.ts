import { sumLanes } from "./lanes";

// Operations on whole channels of [channels, tokens].

/** y = gate · x + (1 − gate) · fill, channel by channel; an open gate copies x and a shut one shows its fill. */
export function gateChannels(x: usize, gate: usize, fill: usize, channels: i32, tokens: i32, y: usize): void {
  const stride = (<usize>tokens) << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    const g = load<f32>(gate + ((<usize>c) << 2));
    if (g == 1) {
      memory.copy(y + row, x + row, stride);
      continue;
    }
    const f = load<f32>(fill + ((<usize>c) << 2));
    const rest: f32 = g == 0 ? f : f * (1 - g);
    const factor = f32x4.splat(g);
    const added = f32x4.splat(rest);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const p = row + ((<usize>t) << 2);
      // An activation of a shut channel may be anything, so it is not multiplied by 0.
      v128.store(y + p, g == 0 ? added : f32x4.add(f32x4.mul(v128.load(x + p), factor), added));
    }
    for (; t < tokens; t++) {
      const p = row + ((<usize>t) << 2);
      store<f32>(y + p, g == 0 ? rest : load<f32>(x + p) * g + rest);
    }
  }
}

/** dx = gate · dy; dgate[c] = Σ_t dy · (x − fill). */
export function gateChannelsGrad(
  x: usize,
  gate: usize,
  fill: usize,
  dy: usize,
  channels: i32,
  tokens: i32,
  dx: usize,
  dgate: usize,
): void {
  const stride = (<usize>tokens) << 2;
  for (let c = 0; c < channels; c++) {
    const row = <usize>c * stride;
    const g = load<f32>(gate + ((<usize>c) << 2));
    const f = load<f32>(fill + ((<usize>c) << 2));
    const factor = f32x4.splat(g);
    let sums = f32x4.splat(0);
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const p = row + ((<usize>t) << 2);
      const slope = v128.load(dy + p);
      v128.store(dx + p, f32x4.mul(slope, factor));
      sums = f32x4.add(sums, f32x4.mul(slope, f32x4.sub(v128.load(x + p), f32x4.splat(f))));
    }
    let sum: f32 = sumLanes(sums);
    for (; t < tokens; t++) {
      const p = row + ((<usize>t) << 2);
      const slope = load<f32>(dy + p);
      store<f32>(dx + p, slope * g);
      sum += slope * (load<f32>(x + p) - f);
    }
    store<f32>(dgate + ((<usize>c) << 2), sum);
  }
}

/** Copies n values of x, from one place on, to y, from another place on. */
export function copyValues(x: usize, from: i32, n: i32, y: usize, to: i32): void {
  memory.copy(y + (<usize>to << 2), x + (<usize>from << 2), <usize>n << 2);
}

/** Copies `count` columns of every row of x, from one column on, to y, from another on. Rows have the widths given. */
export function copyColumns(
  x: usize,
  from: i32,
  width: i32,
  rows: i32,
  count: i32,
  y: usize,
  to: i32,
  toWidth: i32,
): void {
  let p = x + (<usize>from << 2);
  let q = y + (<usize>to << 2);
  for (let r = 0; r < rows; r++, p += <usize>width << 2, q += <usize>toWidth << 2) {
    let c: i32 = 0;
    for (; c + 16 <= count; c += 16) {
      const at = <usize>c << 2;
      v128.store(q + at, v128.load(p + at));
      v128.store(q + at, v128.load(p + at, 16), 16);
      v128.store(q + at, v128.load(p + at, 32), 32);
      v128.store(q + at, v128.load(p + at, 48), 48);
    }
    for (; c < count; c++) store<f32>(q + (<usize>c << 2), load<f32>(p + (<usize>c << 2)));
  }
}
