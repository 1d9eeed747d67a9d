import { parseSite, siteAt, type NodeMask, type SiteName } from "@filigree/core";
import type { MaskGradient, PassOptions, PrunerContext } from "../contract/pruner.ts";

/**
 * The same model with one gate for channel c of the queries and channel c of the keys: a product q · k needs both, and
 * with a gate each, one of them may stay where the other is gone. The sites of keys are not seen; their gates are those
 * of the queries.
 */
export function tieQueriesAndKeys(ctx: PrunerContext): PrunerContext {
  const sites = new Map([...ctx.sites].filter(([site]) => parseSite(site).kind !== "attn.k"));
  function gradient(mask: NodeMask, pairs?: readonly number[], pass?: PassOptions): MaskGradient;
  function gradient(mask: NodeMask | Float32Array, pairs?: readonly number[], pass?: PassOptions): MaskGradient {
    if (mask instanceof Float32Array) throw new Error("Edges have no queries and keys to tie.");
    const { loss, gradient: slopes } = ctx.gradient(untie(ctx, mask), pairs, pass);
    const tied = [...mask.keys()].map((site): [SiteName, Float32Array] => {
      const own = slopes.get(site)!;
      const keys = keysOf(site);
      return [site, keys ? own.map((slope, c) => slope + slopes.get(keys)![c]!) : own];
    });
    return { loss, gradient: new Map(tied) };
  }
  return {
    ...ctx,
    sites,
    loss: (mask, pairs, pass) => ctx.loss(mask instanceof Float32Array ? mask : untie(ctx, mask), pairs, pass),
    gradient: gradient as PrunerContext["gradient"],
    edges: (mask) => ctx.edges(untie(ctx, mask)),
    // A getter of the context, which a copy would read once.
    get budget() {
      return ctx.budget;
    },
  };
}

/** The mask over all sites, the keys' gates those of their queries. */
export function untie({ sites }: Pick<PrunerContext, "sites">, mask: NodeMask): NodeMask {
  return new Map(
    [...sites.keys()].map((site) => {
      const { layer, kind } = parseSite(site);
      return [site, mask.get(kind === "attn.k" ? siteAt(layer!, "attn.q") : site)!];
    }),
  );
}

function keysOf(site: SiteName): SiteName | undefined {
  const { layer, kind } = parseSite(site);
  return kind === "attn.q" ? siteAt(layer!, "attn.k") : undefined;
}
