import type { CompleteStatement } from "@filigree/hypothesis";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { sampleOf } from "../statistics/samples.ts";
import { meanOf, quantileOf, RANDOM_CIRCUITS, ROUNDING, summary } from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { nodeRemovals, wholeRemovals } from "./removals.ts";
import { allowUnseen, ratio } from "./swap-figures.ts";

/** The search budget: subsets drawn at random, and a greedy one that grows node by node. */
const RANDOM_SUBSETS = 32;
const GREEDY_STEPS = 4;
const GREEDY_CANDIDATES = 16;

/** Names of so many nodes are shown. */
const SHOWN = 8;

/** Nodes that are removed from model and circuit alike, and how far apart that leaves the two. */
interface Removal {
  readonly nodes: readonly string[];
  readonly gap: number;
}

/**
 * `C is complete`: whatever part K of C is removed, by a donor's values, from the model and from C alike, what goes
 * unexplained stays the same (Wang et al. 2022, completeness). gap(K) = E |KL(model without K) − KL(C without K)| in
 * units of the scale; where C is the `circuit` of the file, whose data are drawn anew, the size of the mean. The worst K is sought on one half of the
 * references and scored on the other.
 */
export async function checkComplete(context: ClaimContext, statement: CompleteStatement): Promise<Evidence> {
  const { circuit } = statement;
  const removals = circuit.source === "circuit" ? await wholeRemovals(context) : await nodeRemovals(context, circuit);
  if ("problem" in removals) return untestable(removals.problem);
  const { nodes, choosingScale, scoringScale } = removals;
  if (nodes.length === 0) return untestable("the circuit holds no nodes");

  const meanGap = async (removed: readonly string[]) => {
    const values = (await removals.choosing(removed)).map(({ value }) => value);
    return removals.paired ? meanOf(values.map(Math.abs)) : Math.abs(meanOf(values));
  };
  const random = await worstRandom(context, nodes, meanGap);
  const greedy = await worstGreedy(context, nodes, meanGap);
  const candidates = [[], random.nodes, greedy.nodes].filter((list, i) => i === 0 || list.length > 0);

  const scale = sampleOf(context.dataset, scoringScale);
  let worst: { gap: Interval; removed: readonly string[] } | undefined;
  for (const removed of candidates) {
    const differences = await removals.scoring(removed);
    const sizes = sampleOf(
      context.dataset,
      differences.map((one) => ({ ...one, value: Math.abs(one.value) })),
    );
    const sample = removals.paired ? sizes : sampleOf(context.dataset, differences);
    const interval = ratio(context, sample, scale);
    const gap = allowUnseen(sizeOf(interval), scale, sizes);
    // Where nothing can be said of one of them, nothing can be said of the largest.
    if (!worst || !(gap.high <= worst.gap.high)) worst = { gap, removed };
  }

  const draws = await removals.nulls();
  const searchScale = meanOf(choosingScale.map(({ value }) => value));
  const own = Math.max(await meanGap([]), random.gap, greedy.gap);
  const without = worst!.removed.length === 0 ? "even whole," : `without ${named(worst!.removed)}`;
  return {
    figures: { gap: worst!.gap },
    requirements: [
      {
        figure: "gap",
        relation: "<=",
        threshold: statement.thresholds.gap,
        otherwise: `${without} model and circuit part: the model has routes that the circuit lacks`,
        seen:
          `${without} model and circuit leave unexplained shares that differ by ${percent(worst!.gap.estimate)} ` +
          "of what a whole other prompt changes",
      },
    ],
    // Of a random circuit the gap is at least what it leaves unexplained whole.
    ...(own >= quantileOf(draws, 0.05) - ROUNDING * searchScale && {
      vacuous: `${RANDOM_CIRCUITS} random circuits of the same size and site mix come as near`,
    }),
    controls: [{ name: "random circuits", figures: { gap: summary(draws.map((draw) => draw / searchScale)) } }],
    invariant: [],
    notes: [
      `searched ${RANDOM_SUBSETS} random subsets and ${GREEDY_STEPS} greedy steps of up to ${GREEDY_CANDIDATES} nodes ` +
        `on ${choosingScale.length} swaps, scored on ${scoringScale.length} others; the worst removes ${named(worst!.removed)}`,
      ...removals.notes,
    ],
  };
}

/** Subsets of every size: the share that is removed is itself drawn. */
async function worstRandom(
  context: ClaimContext,
  nodes: readonly string[],
  measure: (removed: readonly string[]) => Promise<number>,
): Promise<Removal> {
  const random = context.random("random subsets");
  let worst: Removal = { nodes: [], gap: 0 };
  for (let i = 0; i < RANDOM_SUBSETS; i++) {
    context.progress("random subsets", i, RANDOM_SUBSETS);
    const removed = random.sample(nodes, 1 + random.integer(nodes.length));
    const gap = await measure(removed);
    if (gap > worst.gap) worst = { nodes: removed, gap };
  }
  return worst;
}

/** The node that widens the gap most, then another beside it, as long as it grows. */
async function worstGreedy(
  context: ClaimContext,
  nodes: readonly string[],
  measure: (removed: readonly string[]) => Promise<number>,
): Promise<Removal> {
  const random = context.random("greedy subset");
  let worst: Removal = { nodes: [], gap: 0 };
  for (let step = 0; step < GREEDY_STEPS; step++) {
    context.progress("greedy subset", step, GREEDY_STEPS);
    const rest = nodes.filter((node) => !worst.nodes.includes(node));
    let best: Removal | undefined;
    for (const node of random.sample(rest, GREEDY_CANDIDATES)) {
      const removed = [...worst.nodes, node];
      const gap = await measure(removed);
      if (gap > (best?.gap ?? worst.gap)) best = { nodes: removed, gap };
    }
    if (!best) break;
    worst = best;
  }
  return worst;
}

function named(nodes: readonly string[]): string {
  if (nodes.length === 0) return "nothing";
  const names = nodes.slice(0, SHOWN);
  return nodes.length > SHOWN ? `${names.join(", ")} and ${nodes.length - SHOWN} more nodes` : names.join(", ");
}

/** The size of what an interval is about. */
function sizeOf({ estimate, low, high, n }: Interval): Interval {
  return {
    estimate: Math.abs(estimate),
    low: Math.max(0, low, -high),
    high: Math.max(Math.abs(low), Math.abs(high)),
    n,
  };
}
