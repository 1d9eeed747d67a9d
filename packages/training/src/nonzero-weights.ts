import * as tf from "@tensorflow/tfjs-core";
import { SparsityPattern, type PatternedMatrix, type Slot } from "@filigree/core";
import type { Matrix, NonzeroMatrix } from "@filigree/sparsifiers";
import { largestMagnitudes } from "./largest-magnitudes.ts";

/** The stored weights of one matrix and their moments, off the backend. */
export interface StoredNonzeros {
  /** Row-major places of the stored weights, ascending; their values may be 0. */
  readonly indices: Int32Array;
  /** [stored], as are the moments. */
  readonly weights: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/**
 * A matrix of which only some weights are stored and trained. Between steps they lie on the backend; a sparsifier's
 * changes happen off it, and `settle` puts the result back.
 */
export class NonzeroWeights implements NonzeroMatrix {
  readonly name: Matrix["name"];
  readonly role: Matrix["role"];
  readonly rows: number;
  readonly cols: number;
  readonly neurons: Matrix["neurons"];
  #stored: StoredNonzeros | undefined;
  #placed: { readonly pattern: SparsityPattern; readonly slot: Slot } | undefined;
  #gradient: tf.Tensor | undefined;

  constructor({ name, role, rows, cols, neurons }: Matrix, stored: StoredNonzeros) {
    this.name = name;
    this.role = role;
    this.rows = rows;
    this.cols = cols;
    this.neurons = neurons;
    this.#stored = stored;
  }

  /** The weights on the backend as products take them. */
  get matrix(): PatternedMatrix {
    const { pattern, slot } = this.#onBackend();
    return { pattern, values: slot.weights as tf.Tensor1D };
  }

  /** Weights and moments on the backend, for the optimiser. */
  get slot(): Slot {
    return this.#onBackend().slot;
  }

  get nonzeros(): number {
    return this.#stored ? this.#stored.indices.length : this.#onBackend().pattern.size;
  }

  indices(): Int32Array {
    return (this.#stored?.indices ?? this.#onBackend().pattern.places).slice();
  }

  values(): Float32Array {
    return this.#stored ? this.#stored.weights.slice() : this.#read("weights");
  }

  setValues(values: Float32Array): void {
    if (values.length !== this.nonzeros) {
      throw new RangeError(`${values.length} values for the ${this.nonzeros} stored weights of ${this.name}.`);
    }
    this.#stored = { ...this.snapshot(), weights: values.slice() };
  }

  keepOnly(indices: Int32Array): void {
    const before = this.snapshot();
    const next = emptyNonzeros(Int32Array.from(indices).sort());
    let k = 0;
    next.indices.forEach((index, i) => {
      while (k < before.indices.length && before.indices[k]! < index) k++;
      if (before.indices[k] !== index) return;
      for (const part of PARTS) next[part][i] = before[part][k]!;
    });
    this.#replace(next);
  }

  dropSmallest(k: number): void {
    const { indices, weights } = this.snapshot();
    const stay = largestMagnitudes(weights, Math.max(0, indices.length - k));
    this.keepOnly(stay.map((i) => indices[i]!));
  }

  grow(indices: Int32Array, values?: Float32Array): void {
    if (values && values.length !== indices.length) {
      throw new RangeError(`${values.length} values for the ${indices.length} weights that ${this.name} is to grow.`);
    }
    const before = this.snapshot();
    const all = new Int32Array(before.indices.length + indices.length);
    all.set(before.indices);
    all.set(indices, before.indices.length);
    this.keepOnly(all);
    if (!values) return;
    const grown = new Map(Array.from(indices, (index, i) => [index, values[i]!]));
    const after = this.snapshot();
    this.setValues(after.weights.map((weight, i) => grown.get(after.indices[i]!) ?? weight));
  }

  growLargestGradients(k: number): void {
    if (!this.#gradient) throw new Error(`No gradient of all of ${this.name} was asked for in this step.`);
    this.grow(largestMagnitudes(this.#gradient.dataSync<"float32">(), k, this.indices()));
  }

  /** Lets a sparsifier grow by a gradient of the whole matrix, until it is taken back. */
  showGradient(gradient: tf.Tensor | undefined): void {
    this.#gradient = gradient;
  }

  /** The stored weights off the backend; not to be written to. */
  snapshot(): StoredNonzeros {
    if (this.#stored) return this.#stored;
    const { pattern } = this.#onBackend();
    return { indices: pattern.places, weights: this.#read("weights"), m: this.#read("m"), v: this.#read("v") };
  }

  /** Puts the weights on the backend, where a sparsifier changed them. */
  settle(): void {
    if (!this.#stored) return;
    this.#free();
    const { indices, ...parts } = this.#stored;
    const place = (values: Float32Array) => tf.keep(tf.tensor1d(values, "float32"));
    this.#placed = {
      pattern: new SparsityPattern(this.rows, this.cols, indices),
      slot: { weights: place(parts.weights), m: place(parts.m), v: place(parts.v) },
    };
    this.#stored = undefined;
  }

  dispose(): void {
    this.#free();
  }

  #replace(next: StoredNonzeros): void {
    const { indices } = next;
    const wrong = indices.findIndex((index, i) => {
      return index < 0 || index >= this.rows * this.cols || (i > 0 && indices[i - 1] === index);
    });
    if (wrong >= 0) {
      throw new RangeError(`The weight ${indices[wrong]} of ${this.name} is not in the matrix, or is stored already.`);
    }
    this.#stored = next;
  }

  #free(): void {
    if (!this.#placed) return;
    this.#placed.pattern.dispose();
    tf.dispose(Object.values(this.#placed.slot) as tf.Tensor[]);
    this.#placed = undefined;
  }

  /** A copy of what is on the backend. */
  #read(part: keyof Slot): Float32Array {
    return this.#onBackend().slot[part].dataSync<"float32">().slice();
  }

  #onBackend() {
    if (!this.#placed || this.#stored) throw new Error(`The weights of ${this.name} are not on the backend.`);
    return this.#placed;
  }
}

const PARTS = ["weights", "m", "v"] as const;

function emptyNonzeros(indices: Int32Array): StoredNonzeros {
  const zeros = () => new Float32Array(indices.length);
  return { indices, weights: zeros(), m: zeros(), v: zeros() };
}
