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

/** What an operation with several values gives back. */
export interface DifferentiableParts<R extends tf.Rank> {
  values: tf.Tensor<R>[];
  saved: tf.Tensor[];
  /** One gradient per input, from those of all values. */
  gradients: (dys: tf.Tensor<R>[], saved: tf.Tensor[]) => tf.Tensor[];
}

/** The same for an operation with several values. tfjs has it inside only: its customGrad knows one value. */
export function differentiableParts<R extends tf.Rank>(
  inputs: readonly tf.Tensor[],
  run: (...inputs: tf.Tensor[]) => DifferentiableParts<R>,
): tf.Tensor<R>[] {
  if (!isTapeOn()) return tf.tidy(() => run(...inputs).values);
  let backward: DifferentiableParts<R>["gradients"];
  return engine().runKernelFunc({
    forwardFunc: (_, save) => {
      const { values, saved, gradients } = run(...inputs);
      save(saved);
      backward = gradients;
      return values;
    },
    backwardsFunc: (dys, kept) => {
      const given = (Array.isArray(dys) ? dys : [dys]) as tf.Tensor<R>[];
      return Object.fromEntries(backward(given, kept).map((gradient, i) => [i, () => gradient]));
    },
    inputs: Object.fromEntries(inputs.map((input, i) => [i, input])),
  }) as tf.Tensor<R>[];
}

/** The part of tfjs's engine that its types keep to themselves. */
interface Engine {
  isTapeOn(): boolean;
  runKernelFunc(operation: {
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor[];
    /** With one value, its gradient comes without an array around it. */
    backwardsFunc: (dys: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;
    inputs: Record<string, tf.Tensor>;
  }): tf.Tensor[];
}

function engine(): Engine {
  return tf.engine() as unknown as Engine;
}

/** Whether a gradient is being taken. Where none is, customGrad's bookkeeping takes longer than a small operation. */
function isTapeOn(): boolean {
  return engine().isTapeOn();
}
