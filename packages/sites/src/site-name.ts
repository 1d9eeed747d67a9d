import { InputError } from "./input-error.ts";
import { didYouMean } from "./nearest-names.ts";

declare const siteBrand: unique symbol;

/** The hook name of one activation of the model, as OpenAI's code spells it: `0.attn.q`, `final_resid`. */
export type SiteName = string & { readonly [siteBrand]: "SiteName" };

/** The sites that every layer has, in the order in which the forward pass computes them. */
export const LAYER_SITE_KINDS = [
  "resid_in",
  "attn.act_in",
  "attn.q",
  "attn.k",
  "attn.v",
  "attn.pattern",
  "attn.y",
  "attn.resid_delta",
  "resid_mid",
  "mlp.act_in",
  "mlp.post_act",
  "mlp.resid_delta",
] as const;

export type LayerSiteKind = (typeof LAYER_SITE_KINDS)[number];

/** The sites outside the layers. */
export type ModelSiteKind = "embed" | "final_resid" | "logits";

export type SiteKind = LayerSiteKind | ModelSiteKind;

/** The eight sites of a layer whose channels are the nodes that pruning keeps or ablates (paper, section 2.2). */
export const NODE_SITE_KINDS: readonly LayerSiteKind[] = [
  "attn.act_in",
  "attn.q",
  "attn.k",
  "attn.v",
  "attn.resid_delta",
  "mlp.act_in",
  "mlp.post_act",
  "mlp.resid_delta",
];

const MODEL_SITE_KINDS: readonly ModelSiteKind[] = ["embed", "final_resid", "logits"];

/** Reads a site name. @throws InputError for anything else, with the nearest names. */
export function siteName(text: string): SiteName {
  if (readSite(text) !== undefined) return text as SiteName;
  const layer = /^(?:0|[1-9]\d*)(?=\.)/.exec(text)?.[0] ?? "0";
  const candidates = [...MODEL_SITE_KINDS, ...LAYER_SITE_KINDS.map((kind) => `${layer}.${kind}`)];
  throw new InputError({
    what: `"${text}" is not the name of a site`,
    expected: `"embed", "final_resid", "logits", or a layer and one of ${LAYER_SITE_KINDS.join(", ")}, e.g. "0.attn.q"`,
    hint: didYouMean(text, candidates),
  });
}

/** The site of that kind in that (0-based) layer. */
export function siteAt(layer: number, kind: LayerSiteKind): SiteName {
  if (!Number.isSafeInteger(layer) || layer < 0) {
    throw new InputError({ what: `${layer} is not a layer`, expected: "a whole number from 0" });
  }
  return `${layer}.${kind}` as SiteName;
}

/** The layer (undefined for `embed`, `final_resid` and `logits`) and kind of a site. */
export function parseSite(site: SiteName): { layer: number | undefined; kind: SiteKind } {
  const parsed = readSite(site);
  if (parsed === undefined) throw new InputError({ what: `"${site}" is not the name of a site` });
  return parsed;
}

/** Every site of a model with `nLayer` layers, in the order of the forward pass. */
export function listSites(nLayer: number): SiteName[] {
  const layers = Array.from({ length: nLayer }, (_, layer) => LAYER_SITE_KINDS.map((kind) => siteAt(layer, kind)));
  return ["embed" as SiteName, ...layers.flat(), "final_resid" as SiteName, "logits" as SiteName];
}

/** Orders sites as the forward pass meets them. */
export function compareSites(a: SiteName, b: SiteName): number {
  return forwardRank(a) - forwardRank(b);
}

function forwardRank(site: SiteName): number {
  const { layer, kind } = parseSite(site);
  if (layer !== undefined) return layer * LAYER_SITE_KINDS.length + LAYER_SITE_KINDS.indexOf(kind as LayerSiteKind);
  if (kind === "embed") return -1;
  return kind === "final_resid" ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
}

function readSite(text: string): { layer: number | undefined; kind: SiteKind } | undefined {
  if ((MODEL_SITE_KINDS as readonly string[]).includes(text)) return { layer: undefined, kind: text as ModelSiteKind };
  const match = /^(0|[1-9]\d{0,5})\.(.+)$/.exec(text);
  if (match === null || !(LAYER_SITE_KINDS as readonly string[]).includes(match[2]!)) return undefined;
  return { layer: Number(match[1]), kind: match[2] as LayerSiteKind };
}
