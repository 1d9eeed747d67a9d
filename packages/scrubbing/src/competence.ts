import { chooses, lossOf } from "./engine/answers.ts";
import type { CleanRuns } from "./engine/clean-runs.ts";
import { clopperPearson, effectiveTrials } from "./statistics/clopper-pearson.ts";
import type { Interval } from "./statistics/bootstrap.ts";

/** How well the model does the task on the dataset, and whether well enough for its circuits to mean anything. */
export interface Competence {
  readonly accuracy: Interval;
  /** Mean loss over the possible answers, nats; squared error for numbers. */
  readonly loss: number;
  /** Why positive claims cannot be tested, where the model does not do the task. */
  readonly problem: string | undefined;
}

/**
 * The gate, on some of the examples: by lower bound, the accuracy must lie at least halfway from chance to 1. Chance is
 * what a guess among the possible answers gets, or always saying what is the commonest answer of all examples, whichever
 * is more. Of examples that were chosen by their answer every model that says it is right: it takes the gate on all
 * examples to tell.
 */
export function measureCompetence(
  clean: CleanRuns,
  examples: CleanRuns["dataset"]["examples"],
  alpha: number,
): Competence {
  if (examples.length === 0) return { accuracy: NONE, loss: NaN, problem: "no example is left to test the claim on" };
  const right = examples.map((example) => answersRight(clean, example.index));
  const trials = effectiveTrials(
    right,
    examples.map(({ cluster }) => cluster),
  );
  // A gate has one side: its lower bound alone may err in a share alpha of cases. Twelve templates, all of them right,
  // pass between two answers; eleven do not.
  const accuracy = clopperPearson(right.filter(Boolean).length / right.length, trials, 2 * alpha);
  const choices = examples.map(({ answers }) => (answers.length > 0 ? answers.length : numbersOf(clean)));
  const guessing = choices.reduce((sum, n) => sum + 1 / n, 0) / choices.length;
  const chance = Math.max(guessing, shareOfCommonest(clean.dataset.examples));
  const needed = (1 + chance) / 2;
  const loss = examples.reduce((sum, x) => sum + lossOf(x, clean.answers[x.index]!), 0) / examples.length;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return {
    accuracy,
    loss,
    problem:
      accuracy.low >= needed
        ? undefined
        : `the model does not do the task: its accuracy is ${percent(accuracy.estimate)} ` +
          `(at least ${percent(accuracy.low)}), and ${percent(needed)} is halfway from chance to right`,
  };
}

const NONE: Interval = { estimate: NaN, low: 0, high: 1, n: 0 };

function answersRight(clean: CleanRuns, index: number): boolean {
  const example = clean.dataset.examples[index]!;
  const answers = clean.answers[index]!;
  if (example.answers.length > 0) return chooses(example, answers, example.answer);
  const error = Math.abs(answers[0]! - example.answer);
  return clean.dataset.examples.every((y) => y.answer === example.answer || error < Math.abs(answers[0]! - y.answer));
}

function shareOfCommonest(examples: CleanRuns["dataset"]["examples"]): number {
  const counts = new Map<number, number>();
  for (const { answer } of examples) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return Math.max(...counts.values()) / examples.length;
}

function numbersOf(clean: CleanRuns): number {
  return new Set(clean.dataset.examples.map(({ answer }) => answer)).size;
}
