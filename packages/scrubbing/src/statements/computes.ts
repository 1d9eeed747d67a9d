import type { ComputesStatement } from "@filigree/hypothesis";
import { featureOf, otherFeatures } from "../data/dataset.ts";
import { allowedDonors, donorPairs, drawDonors, sampleDonors, type DonorFilter } from "../data/donors.ts";
import { squaredDistance } from "../engine/answers.ts";
import { readParts } from "../engine/read-parts.ts";
import { siteSwap } from "../engine/site-swap.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { dataOf, TreeDraws } from "../interpretation/draw-tree.ts";
import { overlap, partsName, treeFeatures, treeParts, type ScrubNode } from "../interpretation/scrub-node.ts";
import { treeWrites } from "../interpretation/scrub-tree.ts";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { sampleOf } from "../statistics/samples.ts";
import { adversary, effectsOf } from "./adversary.ts";
import { untestable, type ClaimContext, type Control, type Evidence } from "./evidence.ts";
import { freedomOf } from "./freedom.ts";
import { shuffledLabels } from "./label-null.ts";
import { runSham } from "./sham.ts";
import { effectSample, effectSize, mattersAtAll, ratio, shareIdentical, unexplainedByFeature } from "./swap-figures.ts";
import { donorProblem, featureProblem, partsFilter, positionProblem, servedByAll } from "./testability.ts";

/** References on which each input's own part is measured. */
const INPUT_REFERENCES = 64;

/**
 * `S computes g from A, B`: S, worked out from inputs that agree with a datum of equal g in their own features and from
 * a stranger in all else, does what S does (r); and inputs that flip g change what S shows (V).
 *
 * For a reference x: y by EQ(g) to x; each input by EQ(its feature) to y, or y itself where it has none; z any. S as it
 * comes out in z's run with the inputs written there is written into x's run. r = E‖Δ‖² of that / E‖Δ(S←ANY)‖².
 */
export async function checkComputes(context: ClaimContext, statement: ComputesStatement): Promise<Evidence> {
  const { parts, feature, thresholds } = statement;
  const { clean, dataset, references, settings } = context;
  const node = nodeOf(statement);
  const everything = treeParts(node);
  const inputs = statement.inputs.flatMap((input) => input.parts);
  const problem =
    ownInput(statement) ??
    treeFeatures(node).reduce<string | undefined>((found, name) => found ?? featureProblem(context, name), undefined) ??
    positionProblem(
      context,
      everything.map(({ position }) => position),
    );
  if (problem !== undefined) return untestable(problem);

  const filter = partsFilter(context, everything);
  const draws = new TreeDraws(dataset, [node], context.random("treeified data"));
  const trees = dataset.examples.map((example) => {
    if (!filter(example, example)) return [];
    const { index } = example;
    const drawn = Array.from({ length: settings.donors }, () => draws.draw(node, index, index));
    return drawn.filter((tree) => tree !== undefined);
  });
  const flipping = flips(context, statement, filter);
  const any = drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random("ANY"), filter);
  const rules = { eq: `EQ(${feature})`, ne: `NE(${feature})` };
  const drawnData = trees.map((list) => list.map(({ datum }) => datum));
  const served = servedByAll({ eq: drawnData, ne: flipping, any });
  const missing =
    donorProblem(`treeified ${rules.eq}`, drawnData, references) ??
    donorProblem(rules.ne, flipping, references) ??
    donorProblem("ANY", any, references) ??
    donorProblem(`${rules.ne} and ${rules.eq}`, served.eq, references);
  if (missing !== undefined) return untestable(missing);

  await runSham(context, filter, (reference, donor) => siteSwap(clean, everything, reference, donor));
  const items = trees.flatMap((list, reference) =>
    served.eq[reference]!.length === 0 ? [] : list.map((tree) => ({ example: reference, trees: [tree] })),
  );
  const writes = await treeWrites(context, items);
  const computed = await context.run(
    `computed ${rules.eq}`,
    items.map(({ example, trees: [tree] }, i) => {
      const [donor, ...others] = dataOf(tree!);
      return { reference: example, donor: donor!, others, writes: writes[i]! };
    }),
  );
  const anySwaps = donorPairs(served.any);
  const atRandom = await context.run(
    "ANY",
    anySwaps.map(({ reference, donor }) => siteSwap(clean, parts, reference, donor)),
  );
  const flipped = await context.run(
    `inputs ${rules.ne}`,
    donorPairs(served.ne).map(({ reference, donor }) => siteSwap(clean, inputs, reference, donor)),
    { read: parts },
  );

  const own = (reference: number, values: Float32Array) => squaredDistance(readParts(clean, parts, reference), values);
  const ownScale = sampleOf(
    dataset,
    anySwaps.map((pair) => ({ ...pair, value: own(pair.reference, readParts(clean, parts, pair.donor)) })),
  );
  const ownChange = (outcomes: readonly SwapOutcome[]) =>
    sampleOf(
      dataset,
      outcomes.map(({ swap, read }) => ({ ...swap, value: own(swap.reference, read) })),
    );
  const share = (outcomes: readonly SwapOutcome[]) => ratio(context, ownChange(outcomes), ownScale);
  const effects = { eq: effectSample(context, computed), any: effectSample(context, atRandom) };
  const r = unexplainedByFeature(context, effects.eq, effects.any);
  const figures: Record<string, Interval> = {
    r,
    V: share(flipped),
    "V(ANY)": effectSize(context, effects.any),
    freedom: freedomOf(dataset, draws.leafClasses(node)),
  };
  const shuffled = shuffledLabels(context, feature, atRandom, r);
  const tried = adversary(context, {
    figure: "r",
    threshold: thresholds.r,
    swaps: effectsOf(computed),
    rule: `computed ${rules.eq}`,
    base: effectsOf(atRandom),
  });
  return {
    figures: { ...figures, ...tried.figures },
    requirements: [
      mattersAtAll("V(ANY)"),
      {
        figure: "r",
        relation: "<=",
        threshold: thresholds.r,
        otherwise: `worked out from these inputs alone, the site does not do what it does for the same ${feature}`,
        rule: `computed ${rules.eq}`,
      },
      {
        figure: "V",
        relation: ">=",
        threshold: thresholds.V,
        otherwise: `inputs with another ${feature} do not change what the site shows`,
        seen:
          `swapping the inputs between prompts that differ in ${feature} changes what the site shows by ` +
          `${percent(figures["V"]!.estimate)} of what it differs by in prompts at random`,
      },
      ...tried.requirements,
    ],
    ...(shuffled.vacuous !== undefined && { vacuous: shuffled.vacuous }),
    controls: [shuffled.control, ...tried.controls, ...(await inputParts(context, statement, served.any, share))],
    invariant: computed,
    notes: [`${Math.round(100 * shareIdentical(computed))} % of the computed swaps wrote what was there`],
  };
}

/** The claim as a tree of two levels. */
function nodeOf({ parts, feature, inputs }: ComputesStatement): ScrubNode {
  return {
    name: partsName(parts),
    parts,
    features: [feature],
    held: [],
    inputs: inputs.map((input) => ({
      name: partsName(input.parts),
      parts: input.parts,
      features: input.feature === undefined ? [] : [input.feature],
      inputs: [],
      held: [],
    })),
  };
}

/** Sites that are their own input would compute anything. */
function ownInput({ parts, inputs }: ComputesStatement): string | undefined {
  const same = inputs.find((input) => overlap(input.parts, parts));
  return same && `${partsName(same.parts)} is named as its own input: name what feeds it`;
}

/**
 * Donors of inputs that flip g: g differs, and every other feature that is not a nuisance is equal, but for those by
 * which the inputs are told: g follows from them. Where g follows from further features, so that none is like that, any
 * donor of another g: that nothing but g matters is for r to say. The contrast partner comes first.
 */
function flips(context: ClaimContext, { feature, inputs }: ComputesStatement, filter: DonorFilter): number[][] {
  const { dataset, settings } = context;
  const told = new Set(inputs.map((input) => input.feature));
  const equal = otherFeatures(dataset.task, feature).filter((name) => !told.has(name));
  const flipped: DonorFilter = (x, y) => featureOf(x, feature) !== featureOf(y, feature) && filter(x, y);
  const alike: DonorFilter = (x, y) =>
    equal.every((name) => featureOf(x, name) === featureOf(y, name)) && flipped(x, y);
  const preferred = allowedDonors(dataset, { kind: "ANY" }, alike);
  const allowed = allowedDonors(dataset, { kind: "ANY" }, flipped);
  // Drawn as NE donors are: the contrast partner comes first there too.
  const rule = { kind: "NE", feature } as const;
  const lists = preferred.map((list, i) => (list.length > 0 ? list : allowed[i]!));
  return sampleDonors(dataset, rule, lists, settings.donors, context.random("flips"));
}

/** How much of what S shows changes with each input alone, under donors at random. Reported: an input may be idle. */
async function inputParts(
  context: ClaimContext,
  { parts, inputs }: ComputesStatement,
  donors: readonly (readonly number[])[],
  share: (outcomes: readonly SwapOutcome[]) => Interval,
): Promise<Control[]> {
  if (inputs.length < 2) return [];
  const controls: Control[] = [];
  for (const input of inputs) {
    const name = partsName(input.parts);
    const swaps = donors
      .flatMap((list, reference) =>
        list.slice(0, 1).map((donor) => siteSwap(context.clean, input.parts, reference, donor)),
      )
      .slice(0, INPUT_REFERENCES);
    const outcomes = await context.run(`${name} ANY`, swaps, { read: parts });
    controls.push({ name: `input ${name}`, figures: { V: share(outcomes) } });
  }
  return controls;
}
