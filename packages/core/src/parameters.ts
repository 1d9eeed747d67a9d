import * as tf from "@tensorflow/tfjs-core";
import { SparseMatrix } from "@filigree/kernels";
import type { ModelConfig } from "./config.ts";

/** OpenAI's parameter names: `transformer.h.0.attn.c_attn.weight`. */
export type ParameterName = string;

/** What a parameter is for. Sparsifiers treat block matrices and embeddings apart. */
export type ParameterRole = "embedding" | "positions" | "block" | "bias" | "gain" | "sink" | "unembedding" | "bigram";

export interface ParameterSpec {
  readonly name: ParameterName;
  /** Matrices are [out, in]; tables are [rows, channels]. */
  readonly shape: readonly number[];
  readonly role: ParameterRole;
}

/** Every parameter of a model, in the order in which files store them. */
export function listParameters(config: ModelConfig): ParameterSpec[] {
  const { dModel: d, dMlp, nHead, dHead, vocabSize, outSize } = config;
  const attention = nHead * dHead;
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly number[], role: ParameterRole) => specs.push({ name, shape, role });
  const matrix = (name: string, out: number, input: number) => {
    add(`${name}.weight`, [out, input], "block");
    if (config.bias) add(`${name}.bias`, [out], "bias");
  };
  add("transformer.wte.weight", [vocabSize, d], "embedding");
  if (config.positions === "added") add("transformer.wpe.weight", [config.blockSize, d], "positions");
  for (let i = 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    if (config.norm === "rms") add(`${h}.ln_1.weight`, [d], "gain");
    matrix(`${h}.attn.c_attn`, 3 * attention, d);
    if (config.sink) add(`${h}.attn.attn_imp.sink_logit`, [nHead], "sink");
    matrix(`${h}.attn.c_proj`, d, attention);
    if (config.norm === "rms") add(`${h}.ln_2.weight`, [d], "gain");
    matrix(`${h}.mlp.c_fc`, dMlp, d);
    matrix(`${h}.mlp.c_proj`, d, dMlp);
  }
  if (config.norm === "rms") add("transformer.ln_f.weight", [d], "gain");
  add("lm_head.weight", [outSize, d], "unembedding");
  add("final_logits_bias", [outSize], "bias");
  if (config.bigram) add("bigram_table", [vocabSize, outSize], "bigram");
  return specs;
}

/** Parameters that a file may leave out: they then are zero. */
export const OPTIONAL_PARAMETERS: ReadonlySet<ParameterName> = new Set(["final_logits_bias"]);

/**
 * The parameters of a model on the backend. A matrix is a SparseMatrix where it is frozen, a tensor where it trains.
 */
export class Parameters {
  readonly #values: ReadonlyMap<ParameterName, tf.Tensor | SparseMatrix>;

  constructor(values: ReadonlyMap<ParameterName, tf.Tensor | SparseMatrix>) {
    this.#values = values;
  }

  has(name: ParameterName): boolean {
    return this.#values.has(name);
  }

  /** A [out, in] matrix. */
  matrix(name: ParameterName): tf.Tensor2D | SparseMatrix {
    return this.#get(name) as tf.Tensor2D | SparseMatrix;
  }

  /** A matrix that must be frozen. */
  sparse(name: ParameterName): SparseMatrix {
    const value = this.#get(name);
    if (value instanceof SparseMatrix) return value;
    throw new Error(`The parameter ${name} is not stored sparse.`);
  }

  /** A table of rows, never compressed. */
  table(name: ParameterName): tf.Tensor2D {
    return this.#get(name) as tf.Tensor2D;
  }

  vector(name: ParameterName): tf.Tensor1D {
    return this.#get(name) as tf.Tensor1D;
  }

  /** A vector that some models do not have. */
  optional(name: ParameterName): tf.Tensor1D | undefined {
    return this.#values.get(name) as tf.Tensor1D | undefined;
  }

  dispose(): void {
    for (const value of this.#values.values()) value.dispose();
  }

  #get(name: ParameterName): tf.Tensor | SparseMatrix {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`The model has no parameter ${name}.`);
    return value;
  }
}

/** Values of parameters outside any backend: row-major float32, shapes as in {@link listParameters}. */
export type ParameterValues = ReadonlyMap<ParameterName, Float32Array>;

/** Puts values on the backend, matrices compressed: a model to run, not to train. */
export function freezeParameters(config: ModelConfig, values: ParameterValues): Parameters {
  const frozen = new Map<ParameterName, tf.Tensor | SparseMatrix>();
  for (const { name, shape, role } of listParameters(config)) {
    const data = values.get(name);
    if (!data) continue;
    const tensor = tf.tensor(data, shape as number[], "float32");
    if (role === "block" || role === "unembedding" || role === "bigram") {
      frozen.set(name, SparseMatrix.fromDense(tensor as tf.Tensor2D));
      tensor.dispose();
    } else frozen.set(name, tf.keep(tensor));
  }
  return new Parameters(frozen);
}
