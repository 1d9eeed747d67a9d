import { siteAt, type LayerSiteKind } from "@filigree/sites";
import { fillOf, nodeSites, type Fills, type NodeMask } from "../ablation.ts";
import { siteWidth, type ModelConfig } from "../config.ts";

/** A site as a circuit sees it: which channels it keeps, and what the others show. */
export interface CircuitSite {
  readonly width: number;
  /** The nodes, ascending. */
  readonly channels: readonly number[];
  /** [width]: 1 for a node. */
  readonly kept: Uint8Array;
  /** [width]: what the others show at every token, and 0 for the nodes. */
  readonly fixed: Float32Array;
}

/**
 * Reads a site of a mask of zeros and ones; a site that the mask does not name is kept whole.
 *
 * @throws InputError where channels are ablated and there is no fill.
 */
export function circuitSite(
  config: ModelConfig,
  mask: NodeMask,
  fills: Fills,
  layer: number,
  kind: LayerSiteKind,
): CircuitSite {
  const site = siteAt(layer, kind);
  const width = siteWidth(config, site);
  const gates = mask.get(site);
  const kept = new Uint8Array(width);
  const channels: number[] = [];
  for (let c = 0; c < width; c++) {
    if (gates && gates[c] === 0) continue;
    kept[c] = 1;
    channels.push(c);
  }
  const fixed = new Float32Array(width);
  if (channels.length < width) {
    const fill = fillOf(fills, site);
    for (let c = 0; c < width; c++) if (kept[c] === 0) fixed[c] = fill[c]!;
  }
  return { width, channels, kept, fixed };
}

/** How many nodes a model has, and how many of them a mask keeps; a site that it does not name is kept whole. */
export function countNodes(config: ModelConfig, mask: NodeMask): { readonly all: number; readonly kept: number } {
  let [all, kept] = [0, 0];
  for (const site of nodeSites(config)) {
    const width = siteWidth(config, site);
    const gates = mask.get(site);
    all += width;
    if (!gates) kept += width;
    else for (let c = 0; c < width; c++) if (gates[c] !== 0) kept++;
  }
  return { all, kept };
}
