import { compareSites, nodeId, type NodeId, type NodeMask } from "@filigree/core";

/** The nodes whose gates are not 0, in forward order. */
export function openNodes(mask: NodeMask): NodeId[] {
  const sites = [...mask].sort(([a], [b]) => compareSites(a, b));
  return sites.flatMap(([site, gates]) => {
    const open: NodeId[] = [];
    gates.forEach((gate, channel) => {
      if (gate !== 0) open.push(nodeId(site, channel));
    });
    return open;
  });
}
