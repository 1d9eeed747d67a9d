import type { NodeMask, SiteName } from "@filigree/core";

/** One channel of a node site. */
export interface CircuitNode {
  readonly site: SiteName;
  readonly channel: number;
}

/** The nodes that a mask keeps. */
export function nodesOf(mask: NodeMask): CircuitNode[] {
  return [...mask].flatMap(([site, gates]) =>
    [...gates.keys()].filter((channel) => gates[channel] === 1).map((channel) => ({ site, channel })),
  );
}

/** The mask with other gates at some nodes: 1 keeps them, 0 leaves them out. */
export function withGate(mask: NodeMask, nodes: readonly CircuitNode[], gate: 0 | 1): NodeMask {
  const copy = new Map([...mask].map(([site, gates]) => [site, gates.slice()]));
  for (const { site, channel } of nodes) copy.get(site)![channel] = gate;
  return copy;
}
