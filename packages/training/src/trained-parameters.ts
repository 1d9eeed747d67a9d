import * as tf from "@tensorflow/tfjs-core";
import {
  denseMatrix,
  valuesAt,
  type ParameterName,
  type ParameterSpec,
  type ParameterValues,
  type PatternedMatrix,
  type Slot,
} from "@filigree/core";
import { matrixOf } from "./dense-matrices.ts";
import { NonzeroWeights } from "./nonzero-weights.ts";

/** Weights and moments of all trained parameters, off the backend. */
export interface StoredParameters {
  readonly weights: ParameterValues;
  readonly m: ParameterValues;
  readonly v: ParameterValues;
  /**
   * Of matrices of which only some weights are stored: the row-major places of these, ascending. The other maps hold
   * the stored weights of such a matrix only.
   */
  readonly indices: ReadonlyMap<ParameterName, Int32Array>;
}

/** The trained parameters on the backend, each stored whole or at its nonzeros only. */
export class TrainedParameters {
  readonly specs: readonly ParameterSpec[];
  /** Those stored whole. */
  readonly slots: ReadonlyMap<ParameterName, Slot>;
  /** Those of which some weights are stored. */
  readonly nonzeros: ReadonlyMap<ParameterName, NonzeroWeights>;

  /** @param storage how the matrices that sparsifiers treat are stored */
  constructor(specs: readonly ParameterSpec[], storage: "dense" | "nonzeros", stored: StoredParameters) {
    this.specs = specs;
    const slots = new Map<ParameterName, Slot>();
    const nonzeros = new Map<ParameterName, NonzeroWeights>();
    for (const spec of specs) {
      const [weights, m, v] = PARTS.map((part) => stored[part].get(spec.name)!) as [Values, Values, Values];
      if (storage === "nonzeros" && isSparsified(spec)) {
        const indices = stored.indices.get(spec.name) ?? Int32Array.from(weights.keys());
        nonzeros.set(spec.name, new NonzeroWeights(matrixOf(spec), { indices, weights, m, v }));
      } else {
        const place = (values: Values) => tf.keep(tf.tensor(values.slice(), spec.shape as number[], "float32"));
        slots.set(spec.name, { weights: place(weights), m: place(m), v: place(v) });
      }
    }
    this.slots = slots;
    this.nonzeros = nonzeros;
  }

  /** Weights and moments as the optimiser steps over them: [stored] where only some weights are. */
  slot(name: ParameterName): Slot {
    return this.nonzeros.get(name)?.slot ?? this.slots.get(name)!;
  }

  /** How many weights are trained. */
  get size(): number {
    return this.specs.reduce((n, { name }) => n + this.slot(name).weights.size, 0);
  }

  /** What a model takes for a parameter with these values: those of the slot, or others in their place. */
  storage(name: ParameterName, weights: tf.Tensor): tf.Tensor | PatternedMatrix {
    const nonzero = this.nonzeros.get(name);
    return nonzero && weights.rank === 1
      ? { pattern: nonzero.matrix.pattern, values: weights as tf.Tensor1D }
      : weights;
  }

  /** Matrices of which some weights are stored, made whole. The caller disposes of them. */
  whole(): Map<ParameterName, tf.Tensor2D> {
    return new Map([...this.nonzeros].map(([name, { matrix }]) => [name, denseMatrix(matrix)]));
  }

  /** Of the gradient of a whole matrix, the part that belongs to its stored weights. */
  storedPart(name: ParameterName, gradient: tf.Tensor): tf.Tensor {
    return valuesAt(this.nonzeros.get(name)!.matrix.pattern, gradient as tf.Tensor2D);
  }

  /** Multiplies the weights of all matrices and tables. */
  scaleMatrices(factor: number): void {
    for (const { name, shape } of this.specs) {
      if (shape.length < 2) continue;
      const slot = this.slot(name);
      const before = slot.weights;
      slot.weights = tf.keep(tf.mul(before, factor));
      before.dispose();
    }
  }

  /** A copy of all weights, every matrix whole. */
  values(): ParameterValues {
    return new Map(
      this.specs.map(({ name }) => {
        const nonzero = this.nonzeros.get(name);
        if (!nonzero) return [name, this.slots.get(name)!.weights.dataSync<"float32">().slice()];
        const stored = nonzero.values();
        const values = new Float32Array(nonzero.rows * nonzero.cols);
        nonzero.indices().forEach((index, k) => (values[index] = stored[k]!));
        return [name, values];
      }),
    );
  }

  /** A copy of all that a run needs to go on. */
  state(): StoredParameters {
    const read = (part: keyof Slot) =>
      new Map(this.specs.map(({ name }) => [name, this.slot(name)[part].dataSync<"float32">().slice()]));
    return {
      weights: read("weights"),
      m: read("m"),
      v: read("v"),
      indices: new Map([...this.nonzeros].map(([name, nonzero]) => [name, nonzero.indices()])),
    };
  }

  dispose(): void {
    for (const { weights, m, v } of this.slots.values()) tf.dispose([weights, m, v]);
    for (const nonzero of this.nonzeros.values()) nonzero.dispose();
  }
}

type Values = Float32Array;

const PARTS = ["weights", "m", "v"] as const;

function isSparsified({ role }: ParameterSpec): boolean {
  return role === "block" || role === "embedding" || role === "unembedding";
}
