import {
  nodeSites,
  recordSites,
  runModel,
  siteAt,
  siteWidth,
  type Activation,
  type Model,
  type SiteName,
} from "@filigree/core";
import type { Example } from "@filigree/tasks";

/** The model with the means of its node sites, and of what attention gives, over all tokens of some prompts. */
export function withMeans(model: Model, examples: readonly Example[]): Model {
  const mixed = Array.from({ length: model.config.nLayer }, (_, layer) => siteAt(layer, "attn.y"));
  const sites = [...nodeSites(model.config), ...mixed];
  const sums = new Map(sites.map((site) => [site, new Float64Array(siteWidth(model.config, site))]));
  let tokens = 0;
  for (const { ids } of examples) {
    const seen = new Map<SiteName, Activation>();
    const batch = { ids: Int32Array.from(ids), batch: 1, seq: ids.length };
    runModel(model, batch, { edit: recordSites(sites, seen) }).dispose();
    tokens += ids.length;
    for (const [site, { tokens: n, values }] of seen) {
      const sum = sums.get(site)!;
      values.forEach((value, i) => (sum[Math.floor(i / n)]! += value));
    }
  }
  const means = [...sums].map(([site, sum]) => [site, Float32Array.from(sum, (value) => value / tokens)] as const);
  return { ...model, means: new Map(means) };
}
