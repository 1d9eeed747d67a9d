import type { NodeId, NodeMask } from "@filigree/core";
import { openNodes } from "../circuit/mask.ts";
import type { PrunerContext } from "../contract/pruner.ts";
import { maskOf } from "../masking/gate-vector.ts";
import { comparisonPairs, HOPELESS } from "./loss-up-to.ts";

// Greedy removal of what costs least, as long as the loss on the whole dev split stays within the target. What a node's
// removal costs is measured on some pairs only, and measured again when the node comes first in line: costs change
// slowly, since most of the nodes that are removed have nothing to do with each other.

export interface Removal {
  readonly phase: "remove";
  /** The nodes that are left, by place. */
  readonly kept: readonly KeptNode[];
  /** Places of nodes that stay until no other one can go. */
  readonly spared: readonly number[];
  /** Loss on the whole dev split. */
  readonly loss: number;
  readonly finished: boolean;
}

interface KeptNode {
  readonly place: number;
  /** By how much the loss on the comparison pairs rose when this node alone was removed. Null: not measured yet. */
  readonly cost: number | null;
  /** Whether it was measured on exactly the circuit that is left. */
  readonly fresh: boolean;
}

export function startRemoval(ctx: PrunerContext, places: readonly number[], spared: readonly number[] = []): Removal {
  const kept = [...places].sort((a, b) => a - b).map((place) => ({ place, cost: null, fresh: false }));
  const loss = ctx.loss(maskOf(ctx.sites, places));
  return dropDeadEnds(ctx, { phase: "remove", kept, spared, loss, finished: kept.length === 0 });
}

/** One round: removes the cheapest node that can go, or finds that none can. */
export function remove(ctx: PrunerContext, state: Removal): Removal {
  const pairs = comparisonPairs(ctx);
  if (!isAffordable(ctx, state.kept.length, pairs.length)) return { ...state, finished: true };
  const base = ctx.loss(keep(ctx, state.kept), pairs);
  const isSpared = ({ place }: KeptNode) => state.spared.includes(place);
  const candidates = sortByCost(
    ctx,
    state.kept.filter((node) => !isSpared(node)),
    (place) => ctx.loss(keep(ctx, state.kept, [place]), pairs) - base,
  );
  const kept = [...candidates, ...state.kept.filter(isSpared)];
  const measured = { ...state, kept };
  for (const { place, cost } of candidates) {
    if (base + cost! > HOPELESS * ctx.target) break;
    ctx.signal.throwIfAborted();
    const loss = ctx.loss(keep(ctx, kept, [place]));
    if (loss <= ctx.target) return without(ctx, measured, [place], loss);
  }
  ctx.log({ loss: state.loss, nodes: kept.length });
  if (candidates.some(({ fresh }) => !fresh)) {
    return { ...measured, kept: kept.map((node) => (node.fresh ? node : { ...node, cost: null })) };
  }
  return state.spared.length > 0 ? { ...measured, spared: [] } : { ...measured, finished: true };
}

/** The nodes, cheapest first: all measured once, and the first one measured on the circuit as it is. */
function sortByCost(ctx: PrunerContext, nodes: readonly KeptNode[], measure: (place: number) => number): KeptNode[] {
  const measured = (node: KeptNode): KeptNode => {
    ctx.signal.throwIfAborted();
    return { place: node.place, cost: measure(node.place), fresh: true };
  };
  const compare = (a: KeptNode, b: KeptNode) => a.cost! - b.cost! || a.place - b.place;
  const kept = nodes.map((node) => (node.cost === null ? measured(node) : node)).sort(compare);
  while (kept[0]?.fresh === false) {
    kept[0] = measured(kept[0]);
    kept.sort(compare);
  }
  return kept;
}

function without(ctx: PrunerContext, state: Removal, gone: readonly number[], loss: number): Removal {
  const kept = state.kept.filter(({ place }) => !gone.includes(place)).map((node) => ({ ...node, fresh: false }));
  ctx.log({ loss, nodes: kept.length });
  return { ...state, kept, loss, finished: kept.length === 0 };
}

/**
 * Removes together the nodes from which no edge of the circuit leads on, where the target allows it: no later node
 * reads them. (They still take part in AbsTopK, so that the loss has to be measured.)
 */
function dropDeadEnds(ctx: PrunerContext, state: Removal): Removal {
  const mask = keep(ctx, state.kept);
  const read = new Set<NodeId>(ctx.edges(mask).map(({ from }) => from));
  const nodes = openNodes(mask);
  const dead = state.kept
    .map(({ place }) => place)
    .filter((place, i) => isReadThroughWeights(nodes[i]!) && !read.has(nodes[i]!) && !state.spared.includes(place));
  if (dead.length === 0) return state;
  const loss = ctx.loss(keep(ctx, state.kept, dead));
  return loss <= Math.max(ctx.target, state.loss) ? without(ctx, state, dead, loss) : state;
}

/** Queries and keys act through attention, writes into the residual stream through all later norms. */
function isReadThroughWeights(node: NodeId): boolean {
  return /\.(?:act_in|v|post_act)\.\d+$/u.test(node);
}

/** The mask of the nodes that are left, but for those at some places. */
function keep(ctx: PrunerContext, kept: readonly KeptNode[], gone: readonly number[] = []): NodeMask {
  const places = kept.map(({ place }) => place);
  return maskOf(
    ctx.sites,
    places.filter((place) => !gone.includes(place)),
  );
}

/** Whether the budget allows a round: at worst each node is measured on the comparison pairs twice and on all once. */
function isAffordable(ctx: PrunerContext, nodes: number, pairs: number): boolean {
  return ctx.budget.used + 2 * (nodes + 1) * (2 * pairs + 2 * ctx.pairs) <= ctx.budget.total;
}
