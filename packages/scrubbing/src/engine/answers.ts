import type { DatasetExample } from "../data/dataset.ts";

/**
 * What a run says at the answer position: log-probabilities over the example's possible answers, centred (the softmax's
 * constant falls out); in a numeric task the one value. Order as in the example's `answers`.
 */
export type Answers = Float64Array;

/** Picks the answers out of one column of logits. */
export function readAnswers(example: DatasetExample, logit: (output: number) => number): Answers {
  if (example.answers.length === 0) return Float64Array.of(logit(0));
  const values = Float64Array.from(example.answers, logit);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** ‖a − b‖². */
export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** KL(p ‖ q) of the softmax of two answers, nats; for a number the squared distance, which stands for it. */
export function divergence(p: Answers, q: Answers): number {
  if (p.length === 1) return squaredDistance(p, q);
  const [lp, lq] = [logSoftmax(p), logSoftmax(q)];
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(lp[i]!) * (lp[i]! - lq[i]!);
  return Math.max(0, sum);
}

/** −ln p(right answer) in nats; for a number the squared error. */
export function lossOf(example: DatasetExample, answers: Answers): number {
  if (answers.length === 1) return (answers[0]! - example.answer) ** 2;
  return -logSoftmax(answers)[example.answers.indexOf(example.answer)]!;
}

/** Whether the largest answer is `answer`, alone. */
export function chooses(example: DatasetExample, answers: Answers, answer: number): boolean {
  const at = example.answers.indexOf(answer);
  return answers.every((value, i) => i === at || value < answers[at]!);
}

/** How far the answers lean to `answer` rather than to the example's own: a difference of log-probabilities. */
export function leaning(example: DatasetExample, answers: Answers, answer: number): number {
  // For a number: how far it has gone in the predicted direction.
  if (answers.length === 1) return answers[0]! * Math.sign(answer - example.answer);
  return answers[example.answers.indexOf(answer)]! - answers[example.answers.indexOf(example.answer)]!;
}

function logSoftmax(answers: Answers): Float64Array {
  let largest = -Infinity;
  for (const value of answers) largest = Math.max(largest, value);
  let total = 0;
  for (const value of answers) total += Math.exp(value - largest);
  const log = new Float64Array(answers.length);
  for (let i = 0; i < log.length; i++) log[i] = answers[i]! - (largest + Math.log(total));
  return log;
}
