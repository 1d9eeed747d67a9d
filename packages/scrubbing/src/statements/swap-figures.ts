import { DEFAULTS } from "@filigree/hypothesis";
import { donorPairs } from "../data/donors.ts";
import { answerPredictor } from "../data/predicted-answers.ts";
import { chooses, leaning, lossOf, squaredDistance } from "../engine/answers.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import { type Interval, type Sample } from "../statistics/bootstrap.ts";
import { clopperPearson, effectiveTrials } from "../statistics/clopper-pearson.ts";
import { largest, sampleOf, type Measurement } from "../statistics/samples.ts";
import type { ClaimContext, Requirement } from "./evidence.ts";

/** ‖Δ‖² of outcomes. */
export function effectSample(context: ClaimContext, outcomes: readonly SwapOutcome[]): Sample {
  return sampleOf(
    context.dataset,
    outcomes.map(({ swap, delta2 }) => ({ reference: swap.reference, donor: swap.donor, value: delta2 })),
  );
}

/** V: E‖Δ‖² under a rule against the scale. How much the site matters at all. */
export function effectSize(context: ClaimContext, effect: Sample): Interval {
  return ratio(context, effect, context.scale);
}

/** The mean of one sample as a share of another's. */
export function ratio(context: ClaimContext, sample: Sample, scale: Sample): Interval {
  return context.interval([sample, scale], ([mean, whole]) => mean! / whole!);
}

/** A site that no donor changes the answer through does nothing that a claim could be about. @param figure V under ANY */
export function mattersAtAll(figure: string): Requirement {
  return {
    figure,
    relation: ">=",
    threshold: DEFAULTS.inert,
    otherwise: "the site is inert: no donor changes the answer",
    rule: "ANY",
  };
}

/** V(NE) − V(EQ): how much more donors change that differ in a feature than donors that do not. */
export function featureChange(
  context: ClaimContext,
  differing: readonly SwapOutcome[],
  equal: readonly SwapOutcome[],
): Interval {
  const samples = [effectSample(context, differing), effectSample(context, equal), context.scale];
  return context.interval(samples, ([n, e, s]) => (n! - e!) / s!);
}

/** r: E‖Δ(EQ)‖² / E‖Δ(ANY)‖². What the feature does not explain of what the site does; of a site that does nothing, 0. */
export function unexplainedByFeature(context: ClaimContext, equal: Sample, any: Sample): Interval {
  const interval = context.interval([equal, any], ([e, a]) => (e! > 0 ? e! / a! : e!));
  return allowUnseen(interval, any, equal, any);
}

/**
 * Raises an upper bound by what the data may have missed: with n references and no failure seen, a failure of up to
 * 3/n of them is not excluded at 95 %. Each is taken to be as large as the largest effect of any of the samples.
 */
export function allowUnseen(interval: Interval, denominator: Sample, ...effects: readonly Sample[]): Interval {
  const total = denominator.weights.reduce((sum, w) => sum + w, 0);
  const mean = denominator.values.reduce((sum, v, i) => sum + v * denominator.weights[i]!, 0) / total;
  const worst = Math.max(...effects.map(largest));
  const n = Math.min(...effects.map(({ references }) => references));
  return worst > 0 ? { ...interval, high: interval.high + ((3 / n) * worst) / mean } : interval;
}

/** transfer, agreement and how far the predictions reach. */
export interface TransferFigures {
  /** Undefined where fewer than half of the swaps have a predicted answer. */
  readonly transfer?: Interval;
  readonly agreement?: Interval;
  /** Share of swaps with a predicted answer. */
  readonly coverage: number;
}

/**
 * transfer = Σ shift of the log-odds, predicted against own answer, over Σ of the same shift in the donor's own run,
 * over the swaps whose predicted answer differs from the reference's own (the field's normalised logit difference).
 * agreement = share of these swaps whose answer is the predicted one.
 *
 * @param options.upper whether the transfer is asked to be small: its upper bound then allows for failures not seen
 */
export function transferFigures(
  context: ClaimContext,
  feature: string,
  outcomes: readonly SwapOutcome[],
  { upper = false }: { readonly upper?: boolean } = {},
): TransferFigures {
  const { clean, dataset, settings } = context;
  const predict = answerPredictor(dataset, feature);
  const predicted = outcomes.map(({ swap }) =>
    predict(dataset.examples[swap.reference]!, dataset.examples[swap.donor]!),
  );
  const coverage = predicted.filter((answer) => answer !== undefined).length / Math.max(1, outcomes.length);
  if (coverage < 0.5) return { coverage };
  const diagnostic = outcomes.flatMap((outcome, i) => {
    const { reference, donor } = outcome.swap;
    const x = dataset.examples[reference]!;
    const answer = predicted[i];
    if (answer === undefined || answer === x.answer) return [];
    const before = leaning(x, outcome.before, answer);
    return [
      {
        reference,
        donor,
        shift: leaning(x, outcome.after, answer) - before,
        whole: leaning(x, clean.answers[donor]!, answer) - before,
        agrees: agreesWith(outcome, x, answer, context),
      },
    ];
  });
  if (diagnostic.length === 0) return { coverage };
  const sample = (value: (d: (typeof diagnostic)[number]) => number) =>
    sampleOf(
      dataset,
      diagnostic.map((d) => ({ reference: d.reference, donor: d.donor, value: value(d) })),
    );
  const [shift, whole] = [sample((d) => d.shift), sample((d) => d.whole)];
  // Where not even the donors' own runs lean to what is predicted, a share of that means nothing.
  const transfer = context.interval([shift, whole], ([s, w]) => (w! > 0 ? s! / w! : NaN));
  const agrees = diagnostic.map((d) => d.agrees);
  const clusters = diagnostic.map((d) => dataset.examples[d.reference]!.cluster);
  return {
    coverage,
    transfer: upper ? allowUnseen(transfer, whole, shift) : transfer,
    agreement: clopperPearson(
      agrees.filter(Boolean).length / agrees.length,
      effectiveTrials(agrees, clusters),
      settings.alpha,
    ),
  };
}

function agreesWith(
  { after }: SwapOutcome,
  x: ClaimContext["dataset"]["examples"][number],
  answer: number,
  { dataset }: ClaimContext,
): boolean {
  if (x.answers.length > 0) return chooses(x, after, answer);
  // A number agrees when no other number that occurs is nearer.
  const distance = Math.abs(after[0]! - answer);
  return dataset.examples.every((y) => y.answer === answer || distance < Math.abs(after[0]! - y.answer));
}

/**
 * recovered = (L_swapped − L_random) / (L_model − L_random) (Redwood's causal scrubbing): L_random is the loss when the
 * answers come from a donor at random. Reported, never decides: errors cancel in it.
 */
export function recoveredLoss(context: ClaimContext, outcomes: readonly SwapOutcome[]): Interval {
  const { clean, dataset } = context;
  const random = context.random("recovered");
  const measure = (value: (reference: number, i: number) => number) =>
    sampleOf(
      dataset,
      outcomes.map(({ swap }, i) => ({
        reference: swap.reference,
        donor: swap.donor,
        value: value(swap.reference, i),
      })),
    );
  const swapped = measure((reference, i) => lossOf(dataset.examples[reference]!, outcomes[i]!.after));
  const own = measure((reference) => lossOf(dataset.examples[reference]!, clean.answers[reference]!));
  const chance = measure((reference) => {
    const x = dataset.examples[reference]!;
    const y = dataset.examples[random.integer(dataset.examples.length)]!;
    return lossOf(x, sameLength(clean.answers[y.index]!, clean.answers[reference]!));
  });
  return context.interval([swapped, own, chance], ([s, o, c]) => (s! - c!) / (o! - c!));
}

function sameLength<T extends { length: number }>(preferred: T, otherwise: T): T {
  return preferred.length === otherwise.length ? preferred : otherwise;
}

/** ‖Δ‖² of the whole input taken from donors at random: one clean run against another. */
export function wholeDistances(clean: ClaimContext["clean"], donors: readonly (readonly number[])[]): Measurement[] {
  return donorPairs(donors).map((pair) => ({
    ...pair,
    value: squaredDistance(clean.answers[pair.reference]!, clean.answers[pair.donor]!),
  }));
}

/** Share of outcomes that changed nothing because what they wrote was there already. */
export function shareIdentical(outcomes: readonly SwapOutcome[]): number {
  return outcomes.filter(({ identical }) => identical).length / Math.max(1, outcomes.length);
}
