import { randomStream, seed } from "@filigree/core";
import type { DenseContext, DenseMatrix, Matrix } from "../../src/index.ts";

/** A matrix in plain arrays, slow and simple. */
export function plainMatrix(shape: Partial<Matrix> & { rows: number; cols: number }, from = 1): DenseMatrix {
  const random = randomStream(seed(from), "test/plain-matrix");
  const { rows, cols, neurons } = shape;
  let values = Float32Array.from({ length: rows * cols }, () => random.normal());
  const byMagnitude = () =>
    [...values.keys()]
      .filter((i) => values[i] !== 0)
      .sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b);
  return {
    name: "matrix",
    role: "block",
    neurons: undefined,
    ...shape,
    keepLargest(k, least = 0) {
      const order = byMagnitude();
      const neuronOf = (i: number) => (neurons === "rows" ? Math.floor(i / cols) : i % cols);
      const first = neurons
        ? order.filter((i) => order.filter((j) => neuronOf(j) === neuronOf(i)).indexOf(i) < least)
        : [];
      const others = order.filter((i) => !first.includes(i));
      const kept = new Set([...first, ...others.slice(0, Math.max(0, k - first.length))]);
      values = values.map((value, i) => (kept.has(i) ? value : 0));
      return kept.size;
    },
    values: () => values.slice(),
    setValues: (next) => void (values = next.slice()),
  };
}

export function nonzeros(matrix: DenseMatrix): number {
  return matrix.values().filter((value) => value !== 0).length;
}

/** What a hook gets at a step. */
export function contextAt(
  step: number,
  steps: number,
  matrices: readonly DenseMatrix[],
  biases: readonly DenseMatrix[] = [],
): DenseContext {
  return { step, steps, matrices, biases, random: (name) => randomStream(seed(0), `test/${step}/${name}`) };
}
