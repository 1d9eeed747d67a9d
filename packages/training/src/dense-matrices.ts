import * as tf from "@tensorflow/tfjs-core";
import { keepLargest, keepLargestOfLines, type ParameterName, type ParameterSpec, type Slot } from "@filigree/core";
import type { DenseMatrix, Matrix } from "@filigree/sparsifiers";

/** A parameter that is stored whole, as sparsifiers see it. A vector is one column. */
export function denseMatrix({ name, role, shape }: ParameterSpec, slot: Slot): DenseMatrix {
  const [rows, cols = 1] = shape as [number, number?];
  const neurons = neuronAxis(name);
  return {
    name,
    role,
    rows,
    cols,
    neurons,
    keepLargest: (k, least = 0) =>
      least > 0 && neurons ? keepLargestOfLines(slot, k, { least, lines: neurons }) : keepLargest(slot, k),
    values: () => slot.weights.dataSync<"float32">().slice(),
    setValues(values) {
      const before = slot.weights;
      slot.weights = tf.keep(tf.tensor(values, before.shape, "float32"));
      before.dispose();
    },
  };
}

/** What sparsifiers know of a parameter, however it is stored. */
export function matrixOf({ name, role, shape }: ParameterSpec): Matrix {
  const [rows, cols = 1] = shape as [number, number?];
  return { name, role, rows, cols, neurons: neuronAxis(name) };
}

/** What a neuron or an attention channel reads by is a row of the first matrix; what it writes by is a column. */
export function neuronAxis(name: ParameterName): "rows" | "columns" | undefined {
  if (name.endsWith("c_attn.weight") || name.endsWith("c_fc.weight")) return "rows";
  return name.endsWith("c_proj.weight") ? "columns" : undefined;
}
