import * as tf from "@tensorflow/tfjs-core";
import { sparseRows, type SparseRows } from "@filigree/kernels";
import type { ModelConfig } from "../config.ts";
import type { ParameterName, Parameters } from "../parameters.ts";
import { sinusoids } from "../sinusoids.ts";

/** A model's parameters outside the backend, read when first asked for: the one place where the cone meets them. */
export class HostWeights {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #matrices = new Map<ParameterName, SparseRows>();
  readonly #vectors = new Map<ParameterName, Float32Array>();

  constructor(config: ModelConfig, parameters: Parameters) {
    this.#config = config;
    this.#parameters = parameters;
  }

  /** The nonzeros of a matrix or table, row by row. */
  matrix(name: ParameterName): SparseRows {
    let rows = this.#matrices.get(name);
    if (!rows) {
      const value = this.#parameters.matrix(name);
      rows =
        value instanceof tf.Tensor ? sparseRows(value.dataSync<"float32">(), ...value.shape) : value.toCompressed();
      this.#matrices.set(name, rows);
    }
    return rows;
  }

  /** A vector, or undefined where the model has none. */
  vector(name: ParameterName): Float32Array | undefined {
    if (!this.#parameters.has(name)) return undefined;
    let values = this.#vectors.get(name);
    if (!values) this.#vectors.set(name, (values = this.#parameters.vector(name).dataSync<"float32">()));
    return values;
  }

  /** The vectors of all positions, [blockSize · channels], added or concatenated; undefined where there are none. */
  positions(): Float32Array | undefined {
    if (this.#config.positions === "none") return undefined;
    return this.vector("transformer.wpe.weight") ?? sinusoids(this.#config, this.#config.blockSize);
  }
}
