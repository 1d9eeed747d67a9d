import { exp1, exp4, log64 } from "./exp";

// Operations that look up or score tokens.

/** out[c, t] = table[ids[t], c]: an embedding, channels-major. */
export function embed(table: usize, ids: usize, channels: i32, tokens: i32, out: usize): void {
  const stride = <usize>tokens << 2;
  for (let t = 0; t < tokens; t++) {
    const row = table + (<usize>(load<i32>(ids + (<usize>t << 2)) * channels) << 2);
    const column = out + (<usize>t << 2);
    for (let c = 0; c < channels; c++) store<f32>(column + <usize>c * stride, load<f32>(row + (<usize>c << 2)));
  }
}

/** dtable[ids[t], c] += dy[c, t]; dtable must be zero on entry. */
export function embedGrad(ids: usize, dy: usize, channels: i32, tokens: i32, dtable: usize): void {
  const stride = <usize>tokens << 2;
  for (let t = 0; t < tokens; t++) {
    const row = dtable + (<usize>(load<i32>(ids + (<usize>t << 2)) * channels) << 2);
    const column = dy + (<usize>t << 2);
    for (let c = 0; c < channels; c++) {
      const p = row + (<usize>c << 2);
      store<f32>(p, load<f32>(p) + load<f32>(column + <usize>c * stride));
    }
  }
}

/** out[j, t] += table[ids[t], j] for a compressed table [vocab, outputs]; `out` already holds the logits. */
export function addTableRows(
  rowStarts: usize,
  columns: usize,
  values: usize,
  ids: usize,
  tokens: i32,
  out: usize,
): void {
  const stride = <usize>tokens << 2;
  for (let t = 0; t < tokens; t++) {
    const row = rowStarts + (<usize>load<i32>(ids + (<usize>t << 2)) << 2);
    const end = load<i32>(row + 4);
    for (let k = load<i32>(row); k < end; k++) {
      const p = out + <usize>load<i32>(columns + (<usize>k << 2)) * stride + (<usize>t << 2);
      store<f32>(p, load<f32>(p) + load<f32>(values + (<usize>k << 2)));
    }
  }
}

/** loss[t] = log Σ_j exp(logits[j, t]) − logits[targets[t], t]; `logSum` [tokens] keeps the first term. */
export function crossEntropy(
  logits: usize,
  targets: usize,
  outputs: i32,
  tokens: i32,
  loss: usize,
  logSum: usize,
): void {
  const stride = <usize>tokens << 2;
  for (let t = 0; t < tokens; t++) {
    const column = logits + (<usize>t << 2);
    let largest: f32 = load<f32>(column);
    for (let j = 1; j < outputs; j++) largest = max(largest, load<f32>(column + <usize>j * stride));
    store<f32>(logSum + (<usize>t << 2), largest);
  }
  let t: i32 = 0;
  for (; t + 4 <= tokens; t += 4) {
    const at = <usize>t << 2;
    const largest = v128.load(logSum + at);
    let sum = f32x4.splat(0);
    for (let j = 0; j < outputs; j++) {
      sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(logits + <usize>j * stride + at), largest)));
    }
    v128.store(loss + at, sum);
  }
  for (; t < tokens; t++) {
    const at = <usize>t << 2;
    const largest = load<f32>(logSum + at);
    let sum: f32 = 0;
    for (let j = 0; j < outputs; j++) sum += exp1(load<f32>(logits + <usize>j * stride + at) - largest);
    store<f32>(loss + at, sum);
  }
  for (t = 0; t < tokens; t++) {
    const at = <usize>t << 2;
    const total: f32 = load<f32>(logSum + at) + <f32>log64(load<f32>(loss + at));
    store<f32>(logSum + at, total);
    store<f32>(loss + at, total - load<f32>(logits + <usize>load<i32>(targets + at) * stride + at));
  }
}

/** dlogits[j, t] = dloss[t] · (softmax − 1 at the target). */
export function crossEntropyGrad(
  logits: usize,
  targets: usize,
  logSum: usize,
  dloss: usize,
  outputs: i32,
  tokens: i32,
  dlogits: usize,
): void {
  const stride = <usize>tokens << 2;
  for (let j = 0; j < outputs; j++) {
    const row = <usize>j * stride;
    let t: i32 = 0;
    for (; t + 4 <= tokens; t += 4) {
      const at = <usize>t << 2;
      const p = exp4(f32x4.sub(v128.load(logits + row + at), v128.load(logSum + at)));
      v128.store(dlogits + row + at, f32x4.mul(p, v128.load(dloss + at)));
    }
    for (; t < tokens; t++) {
      const at = <usize>t << 2;
      store<f32>(
        dlogits + row + at,
        exp1(load<f32>(logits + row + at) - load<f32>(logSum + at)) * load<f32>(dloss + at),
      );
    }
  }
  for (let t = 0; t < tokens; t++) {
    const at = <usize>t << 2;
    const p = dlogits + <usize>load<i32>(targets + at) * stride + at;
    store<f32>(p, load<f32>(p) - load<f32>(dloss + at));
  }
}

/** y = x, then y[indices[i]] = values[i] in order. */
export function overwrite(x: usize, n: i32, indices: usize, values: usize, count: i32, y: usize): void {
  memory.copy(y, x, <usize>n << 2);
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    store<f32>(y + (<usize>load<i32>(indices + i) << 2), load<f32>(values + i));
  }
}
