import { compareSites, NODE_SITE_KINDS, parseSite, siteAt, type LayerSiteKind, type SiteName } from "@filigree/sites";
import type { ModelShape } from "../environment.ts";
import type { CircuitPart, SitePart, Statement } from "../hypothesis.ts";
import { union } from "./site-parts.ts";

type Channels = CircuitPart["channels"];

/**
 * The nodes behind sites. Circuit-level claims are about the channels of the eight prunable sites of
 * each layer, so a site that is not one of them stands for the nodes that make it:
 *
 * | site | nodes |
 * |---|---|
 * | one of the eight | its own channels |
 * | `attn.y` (a head) | all of `q`, `k` and `v` of the heads touched, and all of the layer's `attn.act_in` and `attn.resid_delta`, through which heads read and write |
 * | `attn.pattern` | `q` and `k` of the heads, and all of the layer's `attn.act_in` |
 * | `resid_in`, `resid_mid`, `final_resid` | the same channels of every `resid_delta` written before |
 * | `embed` | none: embeddings are never ablated |
 */
export function circuitNodes(parts: readonly Pick<SitePart, "site" | "channels">[], shape: ModelShape): CircuitPart[] {
  const nodes = new Map<SiteName, Channels>();
  const add = (site: SiteName, channels: Channels): unknown => nodes.set(site, union(nodes.get(site) ?? [], channels));
  for (const { site, channels } of parts) {
    const { layer, kind } = parseSite(site);
    if (NODE_SITE_KINDS.includes(kind as LayerSiteKind)) add(site, channels);
    else if (kind === "attn.y" || kind === "attn.pattern") {
      const heads = kind === "attn.pattern" || channels === "all" ? channels : headsOf(channels, shape);
      addHeads(layer!, heads, kind === "attn.y", shape, add);
    } else if (kind !== "embed" && kind !== "logits") {
      const before = kind === "final_resid" ? shape.nLayer : layer!;
      for (let earlier = 0; earlier < before; earlier++) {
        add(siteAt(earlier, "attn.resid_delta"), channels);
        add(siteAt(earlier, "mlp.resid_delta"), channels);
      }
      if (kind === "resid_mid") add(siteAt(before, "attn.resid_delta"), channels);
    }
  }
  return [...nodes]
    .map(([site, channels]): CircuitPart => ({ site, channels }))
    .sort((a, b) => compareSites(a.site, b.site));
}

/** The sites of one positive statement, for the meaning of `circuit`. Statements about whole circuits add nothing. */
export function sitesOfStatement(statement: Statement, shape: ModelShape): Pick<SitePart, "site" | "channels">[] {
  switch (statement.kind) {
    case "carries":
    case "contains":
    case "equals":
      return [...statement.parts];
    case "computes":
      return [...statement.parts, ...statement.inputs.flatMap(({ parts }) => parts)];
    case "affects":
      return [...statement.from, ...statement.to];
    case "copies": {
      const { heads, layer } = statement;
      return [{ site: siteAt(layer, "attn.y"), channels: heads === "all" ? "all" : channelsOfHeads(heads, shape) }];
    }
    case "attends":
      return [{ site: siteAt(statement.layer, "attn.pattern"), channels: [statement.head] }];
    default:
      return [];
  }
}

function addHeads(
  layer: number,
  heads: Channels,
  withValues: boolean,
  shape: ModelShape,
  add: (site: SiteName, channels: Channels) => unknown,
): void {
  const channels = heads === "all" ? "all" : channelsOfHeads(heads, shape);
  add(siteAt(layer, "attn.act_in"), "all");
  add(siteAt(layer, "attn.q"), channels);
  add(siteAt(layer, "attn.k"), channels);
  if (!withValues) return;
  add(siteAt(layer, "attn.v"), channels);
  add(siteAt(layer, "attn.resid_delta"), "all");
}

function headsOf(channels: readonly number[], shape: ModelShape): number[] {
  return [...new Set(channels.map((channel) => Math.floor(channel / shape.dHead)))];
}

function channelsOfHeads(heads: readonly number[], shape: ModelShape): number[] {
  return heads.flatMap((head) => Array.from({ length: shape.dHead }, (_, channel) => head * shape.dHead + channel));
}
