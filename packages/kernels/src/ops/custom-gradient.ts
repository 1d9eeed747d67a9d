import * as tf from "@tensorflow/tfjs-core";

/** What an operation gives back: its value, what its gradient will read, and the gradient of each input. */
export interface Differentiable<R extends tf.Rank> {
  value: tf.Tensor<R>;
  saved: tf.Tensor[];
  /** One gradient per input, in the order of the inputs. */
  gradients: (dy: tf.Tensor<R>, saved: tf.Tensor[]) => tf.Tensor[];
}

/**
 * Runs an operation with its own gradient. tfjs's node bundle registers no gradients at all, so every operation that
 * the model is made of goes through here.
 */
export function differentiable<R extends tf.Rank>(
  inputs: readonly tf.Tensor[],
  run: (...inputs: tf.Tensor[]) => Differentiable<R>,
): tf.Tensor<R> {
  if (!isTapeOn()) return tf.tidy(() => run(...inputs).value);
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const { value, saved, gradients } = run(...(args as tf.Tensor[]));
    save(saved);
    return { value, gradFunc: (dy, kept) => gradients(dy as tf.Tensor<R>, kept) };
  });
  return operation(...inputs) as tf.Tensor<R>;
}

/** Whether a gradient is being taken. Where none is, customGrad's bookkeeping takes longer than a small operation. */
function isTapeOn(): boolean {
  return (tf.engine() as unknown as { isTapeOn(): boolean }).isTapeOn();
}
