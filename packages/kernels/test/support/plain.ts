import * as tf from "@tensorflow/tfjs-core";

/** A tensor off any backend: row-major values. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export function toTensor(plain: Plain): tf.Tensor {
  return tf.tensor(plain.values.slice(), plain.shape as number[], "float32");
}

export function toPlain(tensor: tf.Tensor): Plain {
  return { shape: tensor.shape, values: tensor.dataSync<"float32">().slice() };
}

/** Random numbers for the contents of tensors, so that fast-check has only shapes to shrink. */
export class Contents {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1): a linear congruential generator with a mixed output. */
  uniform(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
    return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
  }

  index(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Values in (−size, size), of which about `zeros` are exactly 0. */
  tensor(shape: readonly number[], { zeros = 0.2, size = 2 } = {}): Plain {
    const length = shape.reduce((n, one) => n * one, 1);
    const values = Float32Array.from({ length }, () => (this.uniform() < zeros ? 0 : (2 * this.uniform() - 1) * size));
    return { shape, values };
  }

  /** Values of few magnitudes and both signs, zero among them: ties everywhere. */
  tied(shape: readonly number[]): Plain {
    const levels = [0, -0, 0.5, -0.5, 1, -1, 1e-30, -2];
    return { shape, values: this.tensor(shape).values.map(() => levels[this.index(levels.length)]!) };
  }

  ids(count: number, below: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.index(below));
  }
}
