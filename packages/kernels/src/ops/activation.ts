import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";

/** GELU with the exact normal distribution function: x · Φ(x) (Hendrycks & Gimpel 2016). Any shape. */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x], (given) => {
    const x = given as tf.Tensor2D;
    if (!hasKernels()) {
      return {
        value: tf.mul(x, normalCdf(x)),
        saved: [x],
        gradients: (dy, [x]) => {
          const density = tf.mul(Math.sqrt(0.5 / Math.PI), tf.exp(tf.mul(-0.5, tf.square(x!))));
          return [tf.mul(dy, tf.add(normalCdf(x!), tf.mul(x!, density)))];
        },
      };
    }
    const value = output<tf.Rank.R2>(x.shape);
    call("gelu", x, x.size, value);
    return {
      value,
      saved: [x],
      gradients: (dy, [x]) => {
        const dx = output<tf.Rank.R2>(dy.shape);
        call("geluGrad", x!, dy, dy.size, dx);
        return [dx];
      },
    };
  });
}

/** max(x, 0). The gradient at 0 is 0. */
export function relu(x: tf.Tensor2D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x], (given) => ({
    value: tf.relu(given as tf.Tensor2D),
    saved: [given],
    gradients: (dy, [x]) => [tf.mul(dy, tf.cast(tf.greater(x!, 0), "float32"))],
  }));
}

function normalCdf<T extends tf.Tensor>(x: T): T {
  return tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
}
