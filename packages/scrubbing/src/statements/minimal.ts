import type { MinimalStatement } from "@filigree/hypothesis";
import { counted, percent } from "../report/words.ts";
import type { Interval, Sample } from "../statistics/bootstrap.ts";
import { normalQuantile } from "../statistics/normal.ts";
import { sampleOf } from "../statistics/samples.ts";
import { ratio } from "./swap-figures.ts";
import { nodeChanges, wholeChanges, type ChangedAnswers } from "./circuit-changes.ts";
import { meanOf, sampleFrom, summary } from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";

/** Each node and edge is tested on its own, so of larger circuits too much would have to be run. */
const MOST_PARTS = 256;

/** Of the random additions the one at this quantile is what a node or an edge must beat. */
const ADDITION_QUANTILE = 0.95;

/** A node or an edge that explains less than this share more than an addition does is one too many. */
const LEAST = 0.001;

/**
 * `C is minimal`: without any one node of C more goes unexplained, by more than a node changes that is added to C at
 * random from the same sites (nearly the most of forty). What dropping does is counted with its sign, what adding does
 * without: a node without which C explains more is one too many. Where the claims of the file make an interpretation
 * graph, an edge of a node that has several is dropped in the same way: where it leads to, the node shows what the donor of
 * all else shows. So is an edge that a node file lists: to the node that it leads to, its source shows what the donor shows.
 * Holm's procedure over nodes and edges.
 */
export async function checkMinimal(context: ClaimContext, statement: MinimalStatement): Promise<Evidence> {
  const { circuit } = statement;
  const changes = circuit.source === "circuit" ? await wholeChanges(context) : await nodeChanges(context, circuit);
  if ("problem" in changes) return untestable(changes.problem);
  const { nodes, edges, few, tested } = changes;
  const parts = [...nodes, ...edges];
  if (nodes.length === 0) return untestable("the circuit holds no nodes");
  if (parts.length > MOST_PARTS) {
    return untestable(
      `the circuit has ${countOf(nodes, edges)}: each of at most ${MOST_PARTS} is tested; prune it first`,
    );
  }
  if (changes.additions === 0) {
    return untestable("the sites of the circuit have no node outside it that could be added");
  }

  const wholeFew = await few.run({});
  const effects: { add: number; effect: number }[] = [];
  for (let add = 0; add < changes.additions; add++) {
    context.progress("random additions", add, changes.additions);
    const added = await few.run({ add });
    effects.push({ add, effect: meanOf(added.map(({ kl }, i) => Math.abs(kl - wholeFew[i]!.kl))) });
  }
  effects.sort((a, b) => a.effect - b.effect);
  const bar = effects[Math.ceil(ADDITION_QUANTILE * (effects.length - 1))]!.add;

  const scale = sampleOf(context.dataset, tested.scale);
  const whole = await tested.run({});
  const added = await tested.run({ add: bar });
  const drops: Drop[] = [];
  for (const [i, part] of parts.entries()) {
    context.progress("dropped parts", i, parts.length);
    const dropped = await tested.run({ drop: part });
    drops.push({ part, dropped, interval: ratio(context, excess(context, whole, dropped, added), scale) });
  }
  const { weakest, drop } = leastDrop(drops, context.settings.alpha);
  const name = weakest.part;
  const unexplained = (outcomes: readonly ChangedAnswers[]) => {
    const sample = sampleFrom(context, outcomes, ({ kl }) => kl);
    return ratio(context, sample, scale);
  };
  const U = unexplained(whole);
  const scaleFew = meanOf(few.scale.map(({ value }) => value));
  return {
    figures: { drop, U },
    requirements: [
      {
        figure: "drop",
        relation: ">=",
        threshold: LEAST,
        otherwise: `${name} is one too many: without it the circuit explains as much`,
        seen:
          `without it ${percent(unexplained(weakest.dropped).estimate)} of what a whole other prompt changes goes ` +
          `unexplained, with it ${percent(U.estimate)}, with an addition at random ${percent(unexplained(added).estimate)}`,
      },
    ],
    controls: [
      { name: "random additions", figures: { U: summary(effects.map(({ effect }) => effect / scaleFew)) } },
      ...drops.map(({ part, interval }) => ({ name: `without ${part}`, figures: { drop: interval } })),
    ],
    invariant: [],
    notes: [
      `${countOf(nodes, edges)} were dropped one by one, against ${changes.additions} random additions; ` +
        `the one that matters least is ${name}`,
      ...changes.notes,
    ],
  };
}

function countOf(nodes: readonly string[], edges: readonly string[]): string {
  return edges.length === 0 ? `${nodes.length} nodes` : `${nodes.length} nodes and ${counted(edges.length, "edge")}`;
}

/** What dropping a node or an edge did. */
interface Drop {
  readonly part: string;
  readonly dropped: readonly ChangedAnswers[];
  /** How much more goes unexplained than a random addition changes. */
  readonly interval: Interval;
}

/** How much more goes unexplained without a node than a random addition changes, reference by reference. */
function excess(
  context: ClaimContext,
  whole: readonly ChangedAnswers[],
  dropped: readonly ChangedAnswers[],
  added: readonly ChangedAnswers[],
): Sample {
  const rows = whole.map((outcome, i) => ({
    ...outcome,
    value: dropped[i]!.kl - outcome.kl - Math.abs(added[i]!.kl - outcome.kl),
  }));
  return sampleFrom(context, rows, ({ value }) => value);
}

/**
 * The drop that says least, its interval widened as Holm's procedure asks: of n nodes the one that is k-th surest to
 * matter must do so at alpha / (n − k), counted from 0, so that all do exactly where the least lower bound passes. That
 * some node does not matter must be told at alpha / n.
 */
function leastDrop(drops: readonly Drop[], alpha: number): { weakest: Drop; drop: Interval } {
  const n = drops.length;
  const quantile = (level: number) => normalQuantile(level / 2) / normalQuantile(alpha / 2);
  const sureness = ({ interval: { estimate, low } }: Drop) => {
    if (estimate > low) return (estimate - LEAST) / (estimate - low);
    return estimate >= LEAST ? Infinity : -Infinity;
  };
  const ranked = [...drops].sort((a, b) => (sureness(a) < sureness(b) ? 1 : -1));
  const bounds = ranked.map((weakest, k) => {
    const { interval } = weakest;
    const { estimate, low, high } = interval;
    return {
      weakest,
      drop: {
        ...interval,
        low: estimate - (estimate - low) * quantile(alpha / (n - k)),
        high: estimate + (high - estimate) * quantile(alpha / n),
      },
    };
  });
  return bounds.reduce((least, one) => (one.drop.low < least.drop.low ? one : least));
}
