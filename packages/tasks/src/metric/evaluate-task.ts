import { InputError, runModel, type Model } from "@filigree/core";
import type { Example, Split, Task } from "../task.ts";
import { answerSet } from "./answer-set.ts";
import { batchExamples } from "./batch-examples.ts";

export interface TaskScore {
  /** Share of examples answered right; a tie is wrong. */
  readonly accuracy: number;
  /** Mean over examples: nats (natural logarithm), or squared error in a numeric task. */
  readonly loss: number;
  /** Number of examples. */
  readonly n: number;
}

/**
 * Among which outputs an answer is chosen: `answers` (the published metric) takes the example's own answers, two for a
 * two-way task; `full-vocabulary` takes every output.
 */
export type Metric = "answers" | "full-vocabulary";

export interface EvaluateOptions {
  readonly split: Split;
  /** Default: `answers`. */
  readonly metric?: Metric;
}

const BATCH_SIZE = 64;

/**
 * Runs the model on one split of the task and scores its answers; see {@link scoreAnswers}.
 *
 * @throws InputError where the task has no examples in that split.
 */
export function evaluateTask(model: Model, task: Task, options: EvaluateOptions): TaskScore {
  const examples = task.examples.filter((example) => example.split === options.split);
  if (examples.length === 0) {
    const hint = `give some of its examples "split": "${options.split}"`;
    throw new InputError({ what: `the task has no ${options.split} examples`, where: task.name, hint });
  }
  const { causal, outSize } = model.config;
  const outputs = examples.map(() => new Float32Array(outSize));
  for (const { batch, readout, indices } of batchExamples(examples, { causal, batchSize: BATCH_SIZE })) {
    const logits = runModel(model, batch, { readout });
    const values = logits.dataSync<"float32">();
    logits.dispose();
    indices.forEach((index, column) => {
      const output = outputs[index]!;
      for (let id = 0; id < outSize; id++) output[id] = values[id * indices.length + column]!;
    });
  }
  return scoreAnswers(task, examples, outputs, options.metric);
}

/**
 * Scores outputs at the answer positions.
 *
 * For a choice: softmax over the example's answers alone (two for a two-way task); the loss is −ln p(right answer),
 * the mean over examples, not summed over the two prompts of a pair. For a numeric task: squared error, and an output
 * counts as right when it is nearer to the right number than to any other number that the task's answers hold.
 *
 * @param outputs `[examples][outSize]`: logits of each example at its answer position.
 * @param metric `full-vocabulary` takes the softmax over every output instead; it changes nothing for numbers.
 *
 * Source of the two-way metric: Gao et al. 2025 (arXiv 2511.13653).
 */
export function scoreAnswers(
  task: Task,
  examples: readonly Example[],
  outputs: readonly Float32Array[],
  metric: Metric = "answers",
): TaskScore {
  const values = task.numeric ? [...new Set(task.examples.map((example) => example.answer))] : [];
  let loss = 0;
  let right = 0;
  examples.forEach((example, index) => {
    const output = outputs[index]!;
    if (task.numeric) {
      const error = Math.abs(output[0]! - example.answer);
      loss += error * error;
      if (values.every((value) => value === example.answer || error < Math.abs(output[0]! - value))) right++;
    } else {
      const [own, ...others] = choices(task, example, output, metric);
      loss += logSumExp([own!, ...others]) - own!;
      if (others.every((other) => own! > other)) right++;
    }
  });
  const n = examples.length;
  return { accuracy: right / n, loss: loss / n, n };
}

/** The logits among which the answer is chosen, that of the right one first. */
function choices(task: Task, example: Example, output: Float32Array, metric: Metric): number[] {
  if (metric === "answers") return answerSet(task, example).map((id) => output[id]!);
  return [output[example.answer]!, ...output.filter((_, id) => id !== example.answer)];
}

function logSumExp(values: readonly number[]): number {
  // Not Math.max(...values): a vocabulary may be longer than a call's arguments can be.
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
