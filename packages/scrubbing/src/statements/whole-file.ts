import type { SitePart } from "@filigree/hypothesis";
import { divergence, squaredDistance } from "../engine/answers.ts";
import { siteSwap } from "../engine/site-swap.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { dataOf, TreeDraws, type DrawnTree } from "../interpretation/draw-tree.ts";
import { interpretationGraph, type InterpretationGraph } from "../interpretation/graph.ts";
import { RandomPlaces, relocate } from "../interpretation/random-places.ts";
import { treeFeatures, treeParts } from "../interpretation/scrub-node.ts";
import { treeWrites } from "../interpretation/scrub-tree.ts";
import { withoutNodes } from "../interpretation/without-nodes.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { meanKl, RANDOM_CIRCUITS } from "./circuit-figures.ts";
import type { ClaimContext } from "./evidence.ts";
import { freedomOf } from "./freedom.ts";
import { runSham } from "./sham.ts";
import { donorProblem, featureProblem, partsFilter, positionProblem } from "./testability.ts";

/** Each reference is drawn so often at most: every draw is a run of the frame and one of each node with inputs. */
const MOST_DRAWS = 4;

/** A reference with the data of everything that the file names. `donor` is the frame: the datum of all else. */
export interface WholeDraw {
  readonly reference: number;
  readonly donor: number;
  readonly trees: readonly DrawnTree[];
}

/** What a draw's answers became. `before` is what the model answers to the reference. */
export type WholeOutcome = Omit<SwapOutcome, "swap" | "identical" | "read"> & {
  readonly reference: number;
  readonly donor: number;
};

/** The claims of a file as one interpretation, with data drawn for it. */
export interface WholeFile {
  readonly graph: InterpretationGraph;
  /** In an order drawn at random. */
  readonly draws: readonly WholeDraw[];
  /** Undefined where no node has a feature. */
  readonly freedom: Interval | undefined;
}

/** Draws the data of the united claims' graph; or says why it cannot be scrubbed. */
export async function openWholeFile(context: ClaimContext): Promise<WholeFile | { readonly problem: string }> {
  const { clean, dataset, references, settings } = context;
  const graph = interpretationGraph(clean.model.config, context.united);
  if ("problem" in graph) return graph;
  if (graph.roots.length === 0)
    return { problem: "no claim of the file says what a site of the circuit is a value of" };
  const parts = graph.roots.flatMap(treeParts);
  const features = [...new Set(graph.roots.flatMap(treeFeatures))];
  const problem =
    features.map((name) => featureProblem(context, name)).find((found) => found !== undefined) ??
    positionProblem(
      context,
      parts.map(({ position }) => position),
    );
  if (problem !== undefined) return { problem };
  const data = new TreeDraws(dataset, graph.roots, context.random("treeified data"));
  const draws = drawWhole(context, graph, data, Math.min(settings.donors, MOST_DRAWS));
  const lists = dataset.examples.map((): number[] => []);
  for (const { reference, donor } of draws) lists[reference]!.push(donor);
  const missing = donorProblem("treeified", lists, references);
  if (missing !== undefined) return { problem: missing };
  await runSham(context, partsFilter(context, parts), (reference, donor) => siteSwap(clean, parts, reference, donor));
  const leaves = graph.roots.flatMap((root) => data.leafClasses(root));
  return { graph, draws, freedom: leaves.length > 0 ? freedomOf(dataset, leaves) : undefined };
}

/** Draws for every reference that the graph's data can serve, in an order drawn at random. */
function drawWhole(context: ClaimContext, graph: InterpretationGraph, random: TreeDraws, count: number): WholeDraw[] {
  const { dataset } = context;
  const filter = partsFilter(context, graph.roots.flatMap(treeParts));
  const draws = dataset.examples
    .filter((example) => filter(example, example))
    .flatMap(({ index }) =>
      Array.from({ length: count }, (): WholeDraw | undefined => {
        const donor = random.frame(index, index);
        const trees = graph.roots.map((root) => random.draw(root, index, index));
        const whole = donor !== undefined && trees.every((tree) => tree !== undefined);
        return whole ? { reference: index, donor, trees } : undefined;
      }),
    );
  // The null looks at the first draws only: let them be a fair mix.
  return context.random("order").shuffle(draws.filter((draw) => draw !== undefined));
}

/** The answers of each draw's frame with the named nodes written: they stand for the reference's. */
export async function runWhole(
  context: ClaimContext,
  rule: string,
  held: readonly SitePart[],
  draws: readonly WholeDraw[],
): Promise<WholeOutcome[]> {
  const { clean } = context;
  const writes = await treeWrites(
    context,
    draws.map(({ donor, trees }) => ({ example: donor, trees })),
  );
  const swaps = draws.map(({ reference, donor, trees }, i) => ({
    reference: donor,
    donor: reference,
    others: trees.flatMap(dataOf),
    writes: [...siteSwap(clean, held, donor, donor).writes, ...writes[i]!],
  }));
  const outcomes = await context.run(rule, swaps);
  return draws.map(({ reference, donor }, i) => {
    const [before, { after }] = [clean.answers[reference]!, outcomes[i]!];
    return { reference, donor, before, after, delta2: squaredDistance(before, after), kl: divergence(before, after) };
  });
}

/** The same where some nodes are removed: they show what the donor, the frame of all else, shows. */
export function runWithout(
  context: ClaimContext,
  rule: string,
  { graph }: WholeFile,
  draws: readonly WholeDraw[],
  removed: ReadonlySet<string>,
): Promise<WholeOutcome[]> {
  const trees = draws.map((draw) => ({ ...draw, trees: withoutNodes(draw.trees, removed, draw.donor) }));
  return runWhole(context, rule, graph.held, trees);
}

/** What goes unexplained with random channels and places in the stead of the named ones: mean KL, of each of many. */
export async function overRandomPlaces(
  context: ClaimContext,
  { graph }: WholeFile,
  draws: readonly WholeDraw[],
): Promise<number[]> {
  const random = new RandomPlaces(context, graph.roots.flatMap(treeParts));
  const measured: number[] = [];
  while (measured.length < RANDOM_CIRCUITS) {
    const moved = random.draw();
    const trees = draws.map((draw) => ({ ...draw, trees: draw.trees.map((tree) => relocate(tree, moved)) }));
    measured.push(meanKl(await runWhole(context, "random circuits", graph.held.map(moved), trees)));
  }
  return measured;
}
