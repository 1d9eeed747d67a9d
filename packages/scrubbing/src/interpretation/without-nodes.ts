import type { DrawnTree } from "./draw-tree.ts";
import type { ScrubNode } from "./scrub-node.ts";

/** The trees with some nodes removed: wherever they stand, they show what one donor shows. All other data stay as drawn. */
export function withoutNodes(trees: readonly DrawnTree[], removed: ReadonlySet<string>, donor: number): DrawnTree[] {
  return trees.map(({ node, inputs, ...data }) =>
    removed.has(node.name)
      ? { node: leafOf(node), datum: donor, frame: undefined, inputs: [] }
      : { ...data, node: nodeWithout(node, removed), inputs: withoutNodes(inputs, removed, donor) },
  );
}

function nodeWithout(node: ScrubNode, removed: ReadonlySet<string>): ScrubNode {
  const inputs = node.inputs.map((input) => (removed.has(input.name) ? leafOf(input) : nodeWithout(input, removed)));
  return { ...node, inputs };
}

function leafOf(node: ScrubNode): ScrubNode {
  return { ...node, features: [], inputs: [], held: [] };
}
