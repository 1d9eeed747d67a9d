import { parseSite } from "@filigree/core";
import type { EqualsStatement, SitePart } from "@filigree/hypothesis";
import type { DatasetExample } from "../data/dataset.ts";
import { drawDonors } from "../data/donors.ts";
import { hasRoles } from "../data/roles.ts";
import { concat, readParts } from "../engine/read-parts.ts";
import type { Swap, SwapOutcome } from "../engine/swaps.ts";
import { valueWrites } from "../interpretation/value-writes.ts";
import { explainedVariance, fitAffine, fittedValues, type AffineFit } from "../statistics/affine-fit.ts";
import { quantile, type Interval } from "../statistics/bootstrap.ts";
import { adversary, effectsOf } from "./adversary.ts";
import { untestable, type ClaimContext, type Control, type Evidence } from "./evidence.ts";
import { SHUFFLES } from "./label-null.ts";
import { partSwaps } from "./part-swaps.ts";
import { effectSample, effectSize, mattersAtAll, unexplainedByFeature } from "./swap-figures.ts";
import { donorProblem, partsFilter, positionProblem } from "./testability.ts";

/** References of each shuffle of the null. */
const NULL_REFERENCES = 32;

/** The examples that a fit is made from, or judged on, with the number that the expression gives for each. */
interface Half {
  readonly examples: readonly DatasetExample[];
  readonly numbers: readonly number[];
}

interface Halves {
  readonly fitted: Half;
  readonly judged: Half;
}

/**
 * `S equals <expr>`: an affine function of the expression, fitted on one half of the examples (whole clusters), takes the
 * place of S in the other half, and the answers stay: r = E‖Δ(S←fit)‖² / E‖Δ(S←ANY)‖². R² is of the other half too.
 */
export async function checkEquals(context: ClaimContext, statement: EqualsStatement): Promise<Evidence> {
  const { parts, thresholds } = statement;
  const { dataset, settings } = context;
  const positions = parts.map(({ position }) => position);
  const problem = positionProblem(context, positions);
  if (problem !== undefined) return untestable(problem);
  if (parts.some(({ site }) => parseSite(site).kind === "attn.pattern")) {
    return untestable("a row of a pattern has as many values as there are keys: no one function gives them");
  }
  const usable = dataset.examples.filter((x) => context.isReference(x) && hasRoles(x, positions));
  const halves = split(context, statement, usable);
  if (typeof halves === "string") return untestable(halves);
  const { fitted, judged } = halves;
  const rows = parts.map((part) => rowsOf(context, part, fitted.examples));
  const fits = fitRows(rows, fitted.numbers);
  if (!fits) return untestable("the expression has one value in the half of the examples that the fit is made from");

  const isJudged = new Set(judged.examples);
  const roles = partsFilter(context, parts);
  const filter: typeof roles = (x, y) => isJudged.has(x) && roles(x, y);
  const donors = drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random("ANY"), filter);
  const missing = donorProblem("ANY", donors, judged.examples.length);
  if (missing !== undefined) return untestable(missing);
  const run = await partSwaps(context, parts, filter);
  const atRandom = await run("ANY", donors);
  const served = judged.examples
    .map((x, i) => ({ x, number: judged.numbers[i]! }))
    .filter(({ x }) => donors[x.index]!.length > 0);
  const replaced = await context.run(
    "fit",
    served.map(({ x, number }) => fitSwap(context, parts, fits, x, number)),
  );
  const any = effectSample(context, atRandom);
  const r = unexplainedByFeature(context, effectSample(context, replaced), any);
  const figures: Record<string, Interval> = {
    V: effectSize(context, any),
    r,
    "R²": exactly(explained(context, parts, fits, judged), judged.examples.length),
  };
  const { control, vacuous } = await shuffledNumbers(context, parts, rows, halves, atRandom, r);
  const swaps = effectsOf(replaced);
  const worst = adversary(context, {
    figure: "r",
    threshold: thresholds.r,
    swaps,
    base: effectsOf(atRandom),
    rule: "fit",
  });
  return {
    figures: { ...figures, ...worst.figures },
    requirements: [
      mattersAtAll("V"),
      {
        figure: "r",
        relation: "<=",
        threshold: thresholds.r,
        otherwise:
          "with the fitted value in its place the answers change: the site is no such function of the expression",
        rule: "fit",
      },
      ...worst.requirements,
    ],
    ...(vacuous !== undefined && { vacuous }),
    controls: [control, ...worst.controls],
    invariant: replaced,
    notes: [`fitted on ${fitted.examples.length} examples, judged on ${judged.examples.length} others`],
  };
}

/** Two halves of the examples, whole clusters in each; or why the expression gives no numbers. */
function split(
  context: ClaimContext,
  { expression }: EqualsStatement,
  usable: readonly DatasetExample[],
): Halves | string {
  const valued: { example: DatasetExample; number: number }[] = [];
  for (const example of usable) {
    const value = context.valueOf(expression, example);
    if (typeof value === "string") return "the expression gives a text: an affine function takes numbers";
    const number = Number(value);
    if (value !== undefined && Number.isFinite(number)) valued.push({ example, number });
  }
  if (valued.length < usable.length / 2) {
    return `the expression has a value in ${valued.length} of ${usable.length} examples only`;
  }
  const clusters = [...new Set(valued.map(({ example }) => example.cluster))];
  const first = new Set(context.random("fitted half").sample(clusters, Math.ceil(clusters.length / 2)));
  const half = (chosen: boolean): Half => {
    const items = valued.filter(({ example }) => first.has(example.cluster) === chosen);
    return { examples: items.map(({ example }) => example), numbers: items.map(({ number }) => number) };
  };
  const halves = { fitted: half(true), judged: half(false) };
  return halves.judged.examples.length === 0 ? "all examples are of one template: none is left to judge on" : halves;
}

/** The rows that a part's fit is made from, and which example each is of. */
interface Rows {
  readonly values: readonly Float32Array[];
  /** Indices into the half's examples. */
  readonly of: readonly number[];
}

function rowsOf({ clean }: ClaimContext, part: SitePart, examples: readonly DatasetExample[]): Rows {
  const rows = examples.flatMap((x, i) => tokensOf(clean, part, x).map((values) => ({ values, i })));
  return { values: rows.map(({ values }) => values), of: rows.map(({ i }) => i) };
}

/** One fit a part: all its tokens, where it has several, share it. */
function fitRows(parts: readonly Rows[], numbers: readonly number[]): AffineFit[] | undefined {
  const fits = parts.map(({ values, of }) =>
    fitAffine(
      of.map((i) => numbers[i]!),
      values,
    ),
  );
  return fits.every((fit) => fit !== undefined) ? fits : undefined;
}

/** A part's values token by token, as the undisturbed run shows them. */
function tokensOf(clean: ClaimContext["clean"], part: SitePart, { index, ids }: DatasetExample): Float32Array[] {
  const values = readParts(clean, [part], index);
  const tokens = part.position.kind === "all" ? ids.length : 1;
  const width = values.length / tokens;
  return Array.from({ length: tokens }, (_, t) => values.subarray(t * width, (t + 1) * width));
}

function fitSwap(
  { clean }: ClaimContext,
  parts: readonly SitePart[],
  fits: readonly AffineFit[],
  { index, ids }: DatasetExample,
  number: number,
): Swap {
  const values = parts.flatMap(({ position }, i) => {
    const row = fittedValues(fits[i]!, number);
    return position.kind === "all" ? ids.map(() => row) : [row];
  });
  return { reference: index, donor: index, writes: valueWrites(clean, parts, index, concat(values)) };
}

/** R² of the judged half, the least over the parts. */
function explained(
  context: ClaimContext,
  parts: readonly SitePart[],
  fits: readonly AffineFit[],
  judged: Half,
): number {
  const shares = parts.map((part, i) => {
    const { values, of } = rowsOf(context, part, judged.examples);
    return explainedVariance(
      fits[i]!,
      of.map((k) => judged.numbers[k]!),
      values,
    );
  });
  return Math.min(...shares);
}

/**
 * The null: the expression's values are dealt anew among the examples, and the fit is made again. A claim whose r is no
 * smaller than the null's fifth percentile holds for any numbers, such as one constant.
 */
async function shuffledNumbers(
  context: ClaimContext,
  parts: readonly SitePart[],
  rows: readonly Rows[],
  { fitted, judged }: Halves,
  atRandom: readonly SwapOutcome[],
  own: Interval,
): Promise<{ control: Control; vacuous: string | undefined }> {
  const random = context.random("shuffled numbers");
  const served = new Set(atRandom.map(({ swap }) => swap.reference));
  const few = random.sample(
    [...judged.examples.keys()].filter((k) => served.has(judged.examples[k]!.index)),
    NULL_REFERENCES,
  );
  const swaps: Swap[] = [];
  for (let i = 0; i < SHUFFLES; i++) {
    const dealt = random.shuffle([...fitted.numbers, ...judged.numbers]);
    const fits = fitRows(rows, dealt.slice(0, fitted.numbers.length));
    // Dealt so that one half has one value: the best fit is the mean, which any number gives.
    if (!fits) continue;
    const rest = dealt.slice(fitted.numbers.length);
    for (const k of few) swaps.push(fitSwap(context, parts, fits, judged.examples[k]!, rest[k]!));
  }
  const outcomes = await context.run("fit of shuffled numbers", swaps);
  const chosen = new Set(few.map((k) => judged.examples[k]!.index));
  const base = mean(atRandom.filter(({ swap }) => chosen.has(swap.reference)).map(({ delta2 }) => delta2));
  const ratios = Array.from(
    { length: swaps.length / few.length },
    (_, i) => mean(outcomes.slice(i * few.length, (i + 1) * few.length).map(({ delta2 }) => delta2)) / base,
  ).sort((a, b) => a - b);
  const r: Interval = {
    estimate: quantile(ratios, 0.5),
    low: quantile(ratios, 0.05),
    high: quantile(ratios, 0.95),
    n: ratios.length,
  };
  return {
    control: { name: "shuffled values of the expression", figures: { r } },
    vacuous:
      own.estimate < r.low
        ? undefined
        : `values of the expression dealt at random do as well (${SHUFFLES} shuffles, fifth percentile ${r.low.toFixed(3)})`,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function exactly(estimate: number, n: number): Interval {
  return { estimate, low: estimate, high: estimate, n };
}
