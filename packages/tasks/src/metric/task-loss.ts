import * as tf from "@tensorflow/tfjs-core";
import type { Example, Task } from "../task.ts";
import { answerSet } from "./answer-set.ts";

/**
 * The task's loss as a differentiable scalar: the mean over examples of the loss that {@link scoreAnswers} describes.
 *
 * @param logits `[outSize, examples]`: column j is read at the answer position of `examples[j]`.
 * @returns a scalar; its gradient needs no gradients of tfjs's own.
 */
export function taskLoss(logits: tf.Tensor2D, task: Task, examples: readonly Example[]): tf.Scalar {
  return tf.tidy(() => (task.numeric ? squaredError(logits, examples) : choiceLoss(logits, task, examples)));
}

function choiceLoss(logits: tf.Tensor2D, task: Task, examples: readonly Example[]): tf.Scalar {
  const [outSize, columns] = logits.shape;
  const right = new Float32Array(outSize * columns);
  const outside = new Float32Array(outSize * columns).fill(OUTSIDE);
  examples.forEach((example, column) => {
    right[example.answer * columns + column] = 1;
    for (const id of answerSet(task, example)) outside[id * columns + column] = 0;
  });
  const loss = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const own = tf.tensor2d(right, [outSize, columns]);
    const allowed = tf.add(input, tf.tensor2d(outside, [outSize, columns]));
    const shifted = tf.sub(allowed, tf.max(allowed, 0, true));
    const weights = tf.exp(shifted);
    const total = tf.sum(weights, 0, true);
    const losses = tf.sub(tf.log(total), tf.sum(tf.mul(shifted, own), 0, true));
    const slope = tf.div(tf.sub(tf.div(weights, total), own), columns);
    save([slope]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, dy);
    return { value: tf.mean<tf.Scalar>(losses), gradFunc };
  });
  return loss(logits) as tf.Scalar;
}

/** Added to the logits outside the answer set: its exponential is 0 in single precision. */
const OUTSIDE = -1e9;

function squaredError(logits: tf.Tensor2D, examples: readonly Example[]): tf.Scalar {
  const [outSize, columns] = logits.shape;
  const answers = new Float32Array(outSize * columns);
  const channel = new Float32Array(outSize * columns).fill(1, 0, columns);
  examples.forEach((example, column) => (answers[column] = example.answer));
  const loss = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const first = tf.tensor2d(channel, [outSize, columns]);
    const error = tf.mul(tf.sub(input, tf.tensor2d(answers, [outSize, columns])), first);
    save([tf.mul(error, 2 / columns)]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, dy);
    return { value: tf.div<tf.Scalar>(tf.sum(tf.mul(error, error)), columns), gradFunc };
  });
  return loss(logits) as tf.Scalar;
}
