import type { MinimalStatement } from "@filigree/hypothesis";
import type { Interval, Sample } from "../statistics/bootstrap.ts";
import { normalQuantile } from "../statistics/normal.ts";
import { sampleOf } from "../statistics/samples.ts";
import { ratio } from "./swap-figures.ts";
import { nodeChanges, wholeChanges, type ChangedAnswers } from "./circuit-changes.ts";
import { meanOf, sampleFrom, summary } from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";

/** Each node is tested on its own, so of larger circuits too much would have to be run. */
const MOST_NODES = 256;

/** Of the random additions the one at this quantile is what a node must beat. */
const ADDITION_QUANTILE = 0.95;

/** A node that explains less than this share more than an addition does is one too many. */
const LEAST = 0.001;

/**
 * `C is minimal`: without any one node of C more goes unexplained, by more than a node changes that is added to C at
 * random from the same sites (nearly the most of forty). What dropping does is counted with its sign, what adding does
 * without: a node without which C explains more is one too many. Holm's procedure over the nodes.
 */
export async function checkMinimal(context: ClaimContext, statement: MinimalStatement): Promise<Evidence> {
  const { circuit } = statement;
  const changes = circuit.source === "circuit" ? await wholeChanges(context) : await nodeChanges(context, circuit);
  if ("problem" in changes) return untestable(changes.problem);
  const { nodes, few, tested } = changes;
  if (nodes.length === 0) return untestable("the circuit holds no nodes");
  if (nodes.length > MOST_NODES) {
    return untestable(`the circuit has ${nodes.length} nodes: each of at most ${MOST_NODES} is tested; prune it first`);
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
  const drops: { node: string; interval: Interval }[] = [];
  for (const [i, node] of nodes.entries()) {
    context.progress("dropped nodes", i, nodes.length);
    const sample = excess(context, whole, await tested.run({ drop: node }), added);
    drops.push({ node, interval: ratio(context, sample, scale) });
  }
  const { weakest: name, drop } = leastDrop(drops, context.settings.alpha);
  const scaleFew = meanOf(few.scale.map(({ value }) => value));
  return {
    figures: {
      drop,
      U: ratio(
        context,
        sampleFrom(context, whole, ({ kl }) => kl),
        scale,
      ),
    },
    requirements: [
      {
        figure: "drop",
        relation: ">=",
        threshold: LEAST,
        otherwise: `${name} is one too many: without it the circuit explains as much`,
        rule: `without ${name} ← ANY`,
      },
    ],
    controls: [
      { name: "random additions", figures: { U: summary(effects.map(({ effect }) => effect / scaleFew)) } },
      ...drops.map(({ node, interval }) => ({ name: `without ${node}`, figures: { drop: interval } })),
    ],
    invariant: [],
    notes: [
      `${nodes.length} nodes were dropped one by one, against ${changes.additions} random additions; ` +
        `the one that matters least is ${name}`,
      ...(circuit.edges ? ["the edges of the node file were not dropped: this is about its nodes"] : []),
    ],
  };
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
function leastDrop(
  drops: readonly { readonly node: string; readonly interval: Interval }[],
  alpha: number,
): { weakest: string; drop: Interval } {
  const n = drops.length;
  const quantile = (level: number) => normalQuantile(level / 2) / normalQuantile(alpha / 2);
  const sureness = ({ interval: { estimate, low } }: (typeof drops)[number]) => {
    if (estimate > low) return (estimate - LEAST) / (estimate - low);
    return estimate >= LEAST ? Infinity : -Infinity;
  };
  const ranked = [...drops].sort((a, b) => (sureness(a) < sureness(b) ? 1 : -1));
  const bounds = ranked.map(({ node, interval }, k) => {
    const { estimate, low, high } = interval;
    return {
      weakest: node,
      drop: {
        ...interval,
        low: estimate - (estimate - low) * quantile(alpha / (n - k)),
        high: estimate + (high - estimate) * quantile(alpha / n),
      },
    };
  });
  return bounds.reduce((least, one) => (one.drop.low < least.drop.low ? one : least));
}
