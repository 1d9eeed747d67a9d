import type { DrawnTree } from "./draw-tree.ts";
import type { ScrubNode } from "./scrub-node.ts";

/** How an edge is named among what may be removed. @param to the node that it leads to; undefined of the logits */
function edgeName(from: string, to: string | undefined): string {
  return `${from} → ${to ?? "logits"}`;
}

/**
 * The edges of nodes that have several. Without its only edge a node reaches nothing, so that to drop the one is to drop
 * the other.
 */
export function severalEdges(roots: readonly ScrubNode[]): string[] {
  const edges = new Map<string, Set<string>>();
  const collect = ({ name, inputs }: ScrubNode, parent: string | undefined): void => {
    if (!edges.has(name)) edges.set(name, new Set());
    edges.get(name)!.add(edgeName(name, parent));
    for (const input of inputs) collect(input, name);
  };
  for (const root of roots) collect(root, undefined);
  return [...edges.values()].flatMap((own) => (own.size > 1 ? [...own] : []));
}

/**
 * The trees with some nodes or edges removed: wherever a node stands, or where that edge leads to, one donor's values are
 * seen. All other data stay as drawn.
 *
 * @param removed names of nodes, and of edges as {@link severalEdges} gives them
 */
export function withoutNodes(
  trees: readonly DrawnTree[],
  removed: ReadonlySet<string>,
  donor: number,
  parent?: string,
): DrawnTree[] {
  return trees.map(({ node, inputs, ...data }) =>
    isRemoved(node, parent, removed)
      ? { node: leafOf(node), datum: donor, frame: undefined, inputs: [] }
      : { ...data, node: nodeWithout(node, removed), inputs: withoutNodes(inputs, removed, donor, node.name) },
  );
}

function nodeWithout(node: ScrubNode, removed: ReadonlySet<string>): ScrubNode {
  const inputs = node.inputs.map((input) =>
    isRemoved(input, node.name, removed) ? leafOf(input) : nodeWithout(input, removed),
  );
  return { ...node, inputs };
}

function isRemoved({ name }: ScrubNode, parent: string | undefined, removed: ReadonlySet<string>): boolean {
  return removed.has(name) || removed.has(edgeName(name, parent));
}

function leafOf(node: ScrubNode): ScrubNode {
  return { ...node, features: [], inputs: [], held: [] };
}
