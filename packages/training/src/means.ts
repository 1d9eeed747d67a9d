import {
  listSites,
  parseSite,
  recordSites,
  runModel,
  type Activation,
  type Model,
  type SiteName,
  type TokenBatch,
} from "@filigree/core";

/** The mean of every site over the tokens of some batches, [channels], for mean ablation. Patterns and logits have none. */
export function siteMeans(model: Model, batches: readonly TokenBatch[]): Map<SiteName, Float32Array> {
  const sites = listSites(model.config.nLayer).filter((site) => {
    const { kind } = parseSite(site);
    return kind !== "attn.pattern" && kind !== "logits";
  });
  const sums = new Map<SiteName, Float64Array>();
  let tokens = 0;
  for (const batch of batches) {
    const seen = new Map<SiteName, Activation>();
    runModel(model, batch, { edit: recordSites(sites, seen), readout: Int32Array.of(0) }).dispose();
    for (const [site, { channels, tokens: n, values }] of seen) {
      const sum = sums.get(site) ?? new Float64Array(channels);
      for (let c = 0; c < channels; c++) for (let t = 0; t < n; t++) sum[c]! += values[c * n + t]!;
      sums.set(site, sum);
    }
    tokens += batch.batch * batch.seq;
  }
  return new Map([...sums].map(([site, sum]) => [site, Float32Array.from(sum, (total) => total / tokens)]));
}
