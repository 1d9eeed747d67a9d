import * as tf from "@tensorflow/tfjs-core";

/**
 * y = gate · x + (1 − gate) · fill, differentiable with respect to x and to the gates. An open gate shows x to the bit.
 *
 * @param x [channels, tokens]
 * @param gates [channels]
 * @param fill [channels], no gradient
 */
export function gate(x: tf.Tensor2D, gates: tf.Tensor1D, fill: tf.Tensor1D): tf.Tensor2D {
  const gated = tf.customGrad((...args) => {
    const [x, gates, save] = args as unknown as [tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    const column = tf.reshape(gates, [-1, 1]);
    const rest = tf.reshape(tf.mul(fill, tf.sub(1, gates)), [-1, 1]);
    save([x, column]);
    return {
      value: tf.add(tf.mul(x, column), rest),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, column] = saved as [tf.Tensor2D, tf.Tensor2D];
        const difference = tf.sub(x, tf.reshape(fill, [-1, 1]));
        return [tf.mul(dy, column), tf.sum(tf.mul(dy, difference), 1)];
      },
    };
  });
  return gated(x, gates) as tf.Tensor2D;
}
