import type { NodeMask, SiteName } from "@filigree/core";

// A pruner's state is plain data: one number a node in an array, sites in forward order, channels ascending. JSON holds
// such arrays exactly. A node's place is its index there.

/** The number of nodes of all sites. */
export function countNodes(sites: ReadonlyMap<SiteName, number>): number {
  return [...sites.values()].reduce((sum, width) => sum + width, 0);
}

/** A mask with gate 1 where `open` says so of a node's place in the vector. */
export function maskWhere(sites: ReadonlyMap<SiteName, number>, open: (place: number) => boolean): NodeMask {
  let start = 0;
  const mask = new Map<SiteName, Float32Array>();
  for (const [site, width] of sites) {
    const from = start;
    mask.set(
      site,
      Float32Array.from({ length: width }, (_, channel) => (open(from + channel) ? 1 : 0)),
    );
    start += width;
  }
  return mask;
}

/** The mask that keeps the nodes at the given places. */
export function maskOf(sites: ReadonlyMap<SiteName, number>, places: Iterable<number>): NodeMask {
  const kept = new Set(places);
  return maskWhere(sites, (place) => kept.has(place));
}

/** Values by site, as one vector. */
export function flatten(sites: ReadonlyMap<SiteName, number>, values: NodeMask): number[] {
  return [...sites.keys()].flatMap((site) => [...values.get(site)!]);
}
