import type { ModelConfig, SparseRows } from "@filigree/core";
import { siteAt, type LayerSiteKind, type SiteName } from "@filigree/sites";

/** How many nonzero weights lead into, or out of, the nodes of a site. */
export interface Degrees {
  readonly median: number;
  readonly max: number;
}

/** The nodes of one site. */
export interface SiteConnections {
  readonly site: SiteName;
  readonly of: number;
  /** Left out where no weight matrix leads straight into the site, or out of it. */
  readonly in?: Degrees;
  readonly out?: Degrees;
  /** Nodes with no nonzero weight into them, or none out of them, where there could be one. */
  readonly dead: number;
}

/** The nodes of one layer, and the parts that can do nothing but add a constant. */
export interface LayerConnections {
  readonly layer: number;
  readonly neurons: { readonly dead: number; readonly of: number };
  readonly heads: { readonly dead: readonly number[]; readonly of: number };
  readonly sites: readonly SiteConnections[];
}

/** The channels of the residual stream, over the whole model. */
export interface StreamConnections {
  readonly of: number;
  /** Channels that neither the embedding nor any layer has a nonzero weight into. */
  readonly unwritten: number;
  /** Channels that neither the unembedding nor any layer has a nonzero weight out of. */
  readonly unread: number;
  /** Channels that are one or the other. */
  readonly dead: number;
}

type Matrices = ReadonlyMap<string, SparseRows>;

export function layerConnections(config: ModelConfig, matrices: Matrices, layer: number): LayerConnections {
  const { nHead, dHead } = config;
  const weights = (name: string) => matrices.get(`transformer.h.${layer}.${name}.weight`)!;
  const attention = nHead * dHead;
  const qkv = rowCounts(weights("attn.c_attn"));
  const valuesOut = columnCounts(weights("attn.c_proj"));
  const neuronsIn = rowCounts(weights("mlp.c_fc"));
  const neuronsOut = columnCounts(weights("mlp.c_proj"));
  const site = (kind: LayerSiteKind, into?: Int32Array, out?: Int32Array): SiteConnections => ({
    site: siteAt(layer, kind),
    of: (into ?? out)!.length,
    ...(into && { in: degrees(into) }),
    ...(out && { out: degrees(out) }),
    dead: deadNodes(into, out).length,
  });
  const values = qkv.subarray(2 * attention);
  const deadValues = new Set(deadNodes(values, valuesOut));
  const heads = Array.from({ length: nHead }, (_, head) => head);
  return {
    layer,
    neurons: { dead: deadNodes(neuronsIn, neuronsOut).length, of: config.dMlp },
    heads: {
      dead: heads.filter((head) =>
        Array.from({ length: dHead }, (_, c) => head * dHead + c).every((c) => deadValues.has(c)),
      ),
      of: nHead,
    },
    sites: [
      site("attn.act_in", undefined, columnCounts(weights("attn.c_attn"))),
      site("attn.q", qkv.subarray(0, attention)),
      site("attn.k", qkv.subarray(attention, 2 * attention)),
      site("attn.v", values, valuesOut),
      site("attn.resid_delta", rowCounts(weights("attn.c_proj"))),
      site("mlp.act_in", undefined, columnCounts(weights("mlp.c_fc"))),
      site("mlp.post_act", neuronsIn, neuronsOut),
      site("mlp.resid_delta", rowCounts(weights("mlp.c_proj"))),
    ],
  };
}

export function streamConnections(config: ModelConfig, matrices: Matrices): StreamConnections {
  const { dModel, nLayer, tiedUnembed } = config;
  const embedding = matrices.get("transformer.wte.weight")!;
  const written = new Int32Array(dModel);
  const read = new Int32Array(dModel);
  // Columns beyond the residual stream are those of concatenated positions.
  const count = (into: Int32Array, counts: Int32Array) => into.forEach((_, c) => (into[c]! += counts[c]!));
  count(written, columnCounts(embedding));
  if (config.positions === "added") count(written, columnCounts(matrices.get("transformer.wpe.weight")!));
  for (let layer = 0; layer < nLayer; layer++) {
    const weights = (name: string) => matrices.get(`transformer.h.${layer}.${name}.weight`)!;
    for (const name of ["attn.c_proj", "mlp.c_proj"]) count(written, rowCounts(weights(name)));
    for (const name of ["attn.c_attn", "mlp.c_fc"]) count(read, columnCounts(weights(name)));
  }
  count(read, columnCounts(tiedUnembed ? embedding : matrices.get("lm_head.weight")!));
  return {
    of: dModel,
    unwritten: deadNodes(written).length,
    unread: deadNodes(read).length,
    dead: deadNodes(written, read).length,
  };
}

/** Nodes with no nonzero weight on one of the sides that are given. */
function deadNodes(...sides: readonly (Int32Array | undefined)[]): number[] {
  const given = sides.filter((side) => side !== undefined);
  return Array.from(given[0]!.keys()).filter((node) => given.some((counts) => counts[node] === 0));
}

function degrees(counts: Int32Array): Degrees {
  const sorted = counts.toSorted();
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, max: sorted.at(-1)! };
}

function rowCounts({ rows, rowStarts }: SparseRows): Int32Array {
  return Int32Array.from({ length: rows }, (_, r) => rowStarts[r + 1]! - rowStarts[r]!);
}

function columnCounts({ cols, columns }: SparseRows): Int32Array {
  const counts = new Int32Array(cols);
  for (const c of columns) counts[c]!++;
  return counts;
}
