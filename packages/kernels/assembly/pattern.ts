// Gradients of attention where its pattern is a value of its own: pattern[h · seq + key, b · seq + query].

/**
 * dq, dk and dsinks of a pattern, from the pattern itself; dk must be zero on entry. What a query does not give to keys
 * it gives to the sink. `row` holds seq values.
 */
export function attentionPatternGrad(
  q: usize,
  k: usize,
  sinks: usize,
  pattern: usize,
  dpattern: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  row: usize,
  dq: usize,
  dk: usize,
  dsinks: usize,
): void {
  const stride = (<usize>(batch * seq)) << 2;
  const scale: f32 = 1 / sqrt<f32>(<f32>dHead);
  for (let h = 0; h < heads; h++) {
    let dsink: f32 = 0;
    for (let b = 0; b < batch; b++) {
      const first = (<usize>(b * seq)) << 2;
      const base = <usize>(h * dHead) * stride + first;
      for (let t = 0; t < seq; t++) {
        const at = (<usize>t) << 2;
        const n = causal ? t + 1 : seq;
        const column = <usize>(h * seq) * stride + first + at;
        let mean: f32 = 0;
        let total: f32 = 0;
        for (let s = 0; s < n; s++) {
          const weight = load<f32>(pattern + column + <usize>s * stride);
          mean += weight * load<f32>(dpattern + column + <usize>s * stride);
          total += weight;
        }
        if (sinks) dsink -= (1 - total) * mean;
        // d score = weight · (d weight − Σ weight · d weight); the sink's own d weight is 0.
        for (let s = 0; s < n; s++) {
          const p = column + <usize>s * stride;
          store<f32>(row + ((<usize>s) << 2), load<f32>(pattern + p) * (load<f32>(dpattern + p) - mean) * scale);
        }
        for (let c = 0; c < dHead; c++) {
          const channel = base + <usize>c * stride;
          const w = load<f32>(q + channel + at);
          let sum: f32 = 0;
          for (let s = 0; s < n; s++) {
            const key = channel + ((<usize>s) << 2);
            const slope = load<f32>(row + ((<usize>s) << 2));
            sum += slope * load<f32>(k + key);
            store<f32>(dk + key, load<f32>(dk + key) + slope * w);
          }
          store<f32>(dq + channel + at, sum);
        }
      }
    }
    if (dsinks) store<f32>(dsinks + ((<usize>h) << 2), dsink);
  }
}

/** dpattern and dv of attention with a given pattern; both must be zero on entry. */
export function attendWithGrad(
  pattern: usize,
  v: usize,
  dy: usize,
  heads: i32,
  dHead: i32,
  batch: i32,
  seq: i32,
  causal: i32,
  dpattern: usize,
  dv: usize,
): void {
  const stride = (<usize>(batch * seq)) << 2;
  for (let h = 0; h < heads; h++) {
    for (let b = 0; b < batch; b++) {
      const first = (<usize>(b * seq)) << 2;
      const base = <usize>(h * dHead) * stride + first;
      for (let t = 0; t < seq; t++) {
        const at = (<usize>t) << 2;
        const n = causal ? t + 1 : seq;
        for (let s = 0; s < n; s++) {
          const p = <usize>(h * seq + s) * stride + first + at;
          const weight = load<f32>(pattern + p);
          let sum: f32 = 0;
          for (let c = 0; c < dHead; c++) {
            const channel = base + <usize>c * stride;
            const key = channel + ((<usize>s) << 2);
            const slope = load<f32>(dy + channel + at);
            sum += slope * load<f32>(v + key);
            store<f32>(dv + key, load<f32>(dv + key) + slope * weight);
          }
          store<f32>(dpattern + p, sum);
        }
      }
    }
  }
}
