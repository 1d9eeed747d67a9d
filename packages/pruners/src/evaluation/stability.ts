import { InputError, type NodeFileEdge, type NodeId } from "@filigree/core";

/** A circuit to compare, with the edges that belong to it. */
export interface ComparedCircuit {
  readonly nodes: readonly NodeId[];
  readonly edges: readonly NodeFileEdge[];
}

/** How alike circuits are that were found for one purpose. */
export interface Stability {
  /** Mean over pairs of circuits of the Jaccard index: what both have, divided by what either has. 1 where equal. */
  readonly nodes: number;
  readonly edges: number;
  /** Nodes that all circuits share. */
  readonly shared: readonly NodeId[];
  /** Number of circuits. */
  readonly circuits: number;
}

/** @throws InputError for fewer than two circuits. */
export function measureStability(circuits: readonly ComparedCircuit[]): Stability {
  if (circuits.length < 2) {
    throw new InputError({ what: `${circuits.length} circuits cannot be compared`, expected: "two or more" });
  }
  const nodes = circuits.map((circuit) => new Set<string>(circuit.nodes));
  const edges = circuits.map((circuit) => new Set(circuit.edges.map(({ from, to }) => `${from} ${to}`)));
  const shared = circuits[0]!.nodes.filter((node) => nodes.every((some) => some.has(node)));
  return { nodes: meanOverPairs(nodes), edges: meanOverPairs(edges), shared, circuits: circuits.length };
}

function meanOverPairs(sets: readonly ReadonlySet<string>[]): number {
  const indices = sets.flatMap((a, i) => sets.slice(i + 1).map((b) => jaccard(a, b)));
  return indices.reduce((sum, index) => sum + index, 0) / indices.length;
}

/** |a ∩ b| / |a ∪ b|; 1 where both are empty. */
function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const both = [...a].filter((one) => b.has(one)).length;
  const either = a.size + b.size - both;
  return either === 0 ? 1 : both / either;
}
