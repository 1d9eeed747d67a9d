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

/** Of a whole vocabulary few tokens are answers: their logits are read, and the arithmetic is done in double precision. */
function choiceLoss(logits: tf.Tensor2D, task: Task, examples: readonly Example[]): tf.Scalar {
  const [outSize, columns] = logits.shape;
  const loss = tf.customGrad((...args) => {
    const [input, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const values = input.dataSync<"float32">();
    const slope = new Float32Array(outSize * columns);
    let sum = 0;
    examples.forEach((example, column) => {
      const answers = answerSet(task, example);
      const logitOf = (id: number) => values[id * columns + column]!;
      let largest = -Infinity;
      for (const id of answers) largest = Math.max(largest, logitOf(id));
      let total = 0;
      for (const id of answers) total += Math.exp(logitOf(id) - largest);
      sum += Math.log(total) + largest - logitOf(example.answer);
      for (const id of answers) {
        const share = Math.exp(logitOf(id) - largest) / total;
        slope[id * columns + column] = (share - Number(id === example.answer)) / columns;
      }
    });
    save([tf.tensor2d(slope, [outSize, columns])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.mul(saved[0]!, dy);
    return { value: tf.scalar(sum / columns), gradFunc };
  });
  return loss(logits) as tf.Scalar;
}

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
