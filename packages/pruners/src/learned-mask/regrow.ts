import type { PrunerContext } from "../contract/pruner.ts";
import { countNodes, flatten, maskOf } from "../masking/gate-vector.ts";
import { remove, startRemoval, type Removal } from "../removal/remove.ts";

// Removal goes one way: a node that went early, when many others could stand in for it, is not there when it would make
// two of those others superfluous. So closed nodes whose opening would lower the loss, by its gradient, are opened again
// beside the smallest circuit so far, and removal goes on from there, the circuit's old nodes first. What comes out is
// the next circuit to start from if it is smaller.

export interface Regrowth {
  readonly phase: "regrow";
  /** The smallest circuit so far. */
  readonly best: Circuit;
  /** The groups of closed nodes to open beside it that are still to be tried; null: not chosen yet. */
  readonly groups: readonly (readonly number[])[] | null;
  /** Removal from the enlarged circuit, while a group is being tried. */
  readonly removal: Removal | null;
  readonly finished: boolean;
}

interface Circuit {
  /** The nodes by place, ascending. */
  readonly places: readonly number[];
  readonly edges: number;
  /** Loss on the whole dev split. */
  readonly loss: number;
}

/** The most wanted nodes are opened alone, as many as this, and then together in groups of these sizes. */
const ALONE = 16;
const TOGETHER = [4, 8, 16, 32];

/** Between circuits of one size, a loss counts as lower if it is so by this share of the target. */
const LOWER = 0.02;

export function startRegrowth(ctx: PrunerContext, removal: Removal): Regrowth {
  const best = circuitLeft(ctx, removal);
  return { phase: "regrow", best, groups: null, removal: null, finished: best.places.length === 0 };
}

/** Chooses what to open, or opens it, or removes one node, or compares what is left with the best. */
export function regrow(ctx: PrunerContext, state: Regrowth): Regrowth {
  const { best, groups, removal } = state;
  ctx.log({ loss: best.loss, nodes: best.places.length });
  if (groups === null) return chooseGroups(ctx, state);
  if (removal === null) {
    const [group, ...others] = groups;
    if (!group || !isAffordable(ctx, best.places.length + group.length)) return { ...state, finished: true };
    return { ...state, groups: others, removal: startRemoval(ctx, [...best.places, ...group], group) };
  }
  const next = removal.finished ? removal : remove(ctx, removal);
  if (!next.finished) return { ...state, removal: next };
  const found = circuitLeft(ctx, next);
  if (!isSmaller(found, best, LOWER * ctx.target)) return { ...state, removal: null };
  return { ...state, best: found, groups: null, removal: null };
}

/** Groups of the closed nodes whose opening lowers the loss on the dev split most, to first order. */
function chooseGroups(ctx: PrunerContext, state: Regrowth): Regrowth {
  const open = state.best.places;
  if (!isAffordable(ctx, open.length)) return { ...state, finished: true };
  const slopes = flatten(ctx.sites, ctx.gradient(maskOf(ctx.sites, open)).gradient);
  const isOpen = new Set(open);
  const wanted = Array.from({ length: countNodes(ctx.sites) }, (_, place) => place)
    .filter((place) => !isOpen.has(place) && slopes[place]! < 0)
    .sort((a, b) => slopes[a]! - slopes[b]! || a - b);
  const alone = wanted.slice(0, ALONE).map((place) => [place]);
  const together = TOGETHER.filter((size) => size <= wanted.length).map((size) => wanted.slice(0, size));
  return { ...state, groups: [...alone, ...together] };
}

/** Fewer nodes; among as many, fewer edges; among as many, a clearly lower loss, from which removal may get further. */
function isSmaller(a: Circuit, b: Circuit, clearly: number): boolean {
  const difference = a.places.length - b.places.length || a.edges - b.edges;
  return difference < 0 || (difference === 0 && a.loss < b.loss - clearly);
}

function circuitLeft(ctx: PrunerContext, { kept, loss }: Removal): Circuit {
  const places = kept.map(({ place }) => place).sort((a, b) => a - b);
  return { places, edges: ctx.edges(maskOf(ctx.sites, places)).length, loss };
}

/** Whether the budget allows a gradient and a round of removal. */
function isAffordable(ctx: PrunerContext, nodes: number): boolean {
  const whole = 2 * ctx.pairs;
  return ctx.budget.used + 3 * whole + 2 * (nodes + 1) * whole <= ctx.budget.total;
}
