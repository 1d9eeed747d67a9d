import * as tf from "@tensorflow/tfjs-core";
import { denseMatrix, denseRows, SparseMatrix, type PatternedMatrix, type SparseRows } from "@filigree/kernels";
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
  /** False where training leaves the values as they are. */
  readonly trained: boolean;
  /** Whether a file may leave it out: a bias of the logits is then zero, and waves are computed. */
  readonly optional: boolean;
}

/** Every parameter of a model, in the order in which files store them. */
export function listParameters(config: ModelConfig): ParameterSpec[] {
  const { dModel: d, dPos, dMlp, nHead, dHead, vocabSize, outSize } = config;
  const attention = nHead * dHead;
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: readonly number[], role: ParameterRole, changes: Partial<ParameterSpec> = {}) => {
    specs.push({ name, shape, role, trained: true, optional: false, ...changes });
  };
  const matrix = (name: string, out: number, input: number) => {
    add(`${name}.weight`, [out, input], "block");
    if (config.bias) add(`${name}.bias`, [out], "bias");
  };
  const norm = (name: string, width: number) => {
    if (config.norm !== "none") add(`${name}.weight`, [width], "gain");
    if (config.norm === "layer" && config.lnBias) add(`${name}.bias`, [width], "bias");
  };
  add("transformer.wte.weight", [vocabSize, d], "embedding");
  const positions = "transformer.wpe.weight";
  if (config.positions === "added") add(positions, [config.blockSize, d], "positions");
  if (config.positions === "concatenated") add(positions, [config.blockSize, dPos], "positions");
  if (config.positions === "sinusoidal") {
    add(positions, [config.blockSize, dPos], "positions", { trained: false, optional: true });
  }
  for (let i = 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    norm(`${h}.ln_1`, d);
    if (dPos > 0) norm(`${h}.ln_p1`, dPos);
    matrix(`${h}.attn.c_attn`, 3 * attention, d + dPos);
    if (config.sink) add(`${h}.attn.attn_imp.sink_logit`, [nHead], "sink");
    matrix(`${h}.attn.c_proj`, d, attention);
    norm(`${h}.ln_2`, d);
    if (dPos > 0) norm(`${h}.ln_p2`, dPos);
    matrix(`${h}.mlp.c_fc`, dMlp, d + dPos);
    matrix(`${h}.mlp.c_proj`, d, dMlp);
  }
  norm("transformer.ln_f", d);
  if (!config.tiedUnembed) add("lm_head.weight", [outSize, d], "unembedding");
  add("final_logits_bias", [outSize], "bias", { optional: true });
  if (config.bigram) add("bigram_table", [vocabSize, outSize], "bigram", { trained: false });
  return specs;
}

/** A parameter on the backend. */
export type ParameterStorage = tf.Tensor | SparseMatrix | PatternedMatrix;

/**
 * The parameters of a model on the backend. A matrix is a SparseMatrix where it is frozen; where it trains, a tensor, or
 * a PatternedMatrix that trains at few places.
 */
export class Parameters {
  readonly #values: ReadonlyMap<ParameterName, ParameterStorage>;

  constructor(values: ReadonlyMap<ParameterName, ParameterStorage>) {
    this.#values = values;
  }

  has(name: ParameterName): boolean {
    return this.#values.has(name);
  }

  /** A [out, in] matrix as products take it. */
  weight(name: ParameterName): tf.Tensor2D | SparseMatrix | PatternedMatrix {
    return this.#get(name) as tf.Tensor2D | SparseMatrix | PatternedMatrix;
  }

  /** A [out, in] matrix of a model that is read, not trained at few places. */
  matrix(name: ParameterName): tf.Tensor2D | SparseMatrix {
    const value = this.#get(name);
    if ("pattern" in value) throw new Error(`The parameter ${name} is in training.`);
    return value as tf.Tensor2D | SparseMatrix;
  }

  /** A matrix that must be frozen. */
  sparse(name: ParameterName): SparseMatrix {
    const value = this.#get(name);
    if (value instanceof SparseMatrix) return value;
    throw new Error(`The parameter ${name} is not stored sparse.`);
  }

  /** A table of rows, never compressed. One that trains at few places is made whole, and the caller frees it. */
  table(name: ParameterName): tf.Tensor2D {
    const value = this.#get(name);
    return "pattern" in value ? denseMatrix(value) : (value as tf.Tensor2D);
  }

  vector(name: ParameterName): tf.Tensor1D {
    return this.#get(name) as tf.Tensor1D;
  }

  /** A vector that some models do not have. */
  optional(name: ParameterName): tf.Tensor1D | undefined {
    return this.#values.get(name) as tf.Tensor1D | undefined;
  }

  dispose(): void {
    for (const value of this.#values.values()) {
      for (const part of "pattern" in value ? [value.pattern, value.values] : [value]) part.dispose();
    }
  }

  #get(name: ParameterName): ParameterStorage {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`The model has no parameter ${name}.`);
    return value;
  }
}

/** Values of parameters outside any backend: row-major float32, shapes as in {@link listParameters}. */
export type ParameterValues = ReadonlyMap<ParameterName, Float32Array>;

/** The same as files hold them: matrices of few nonzeros compressed. */
export type StoredValues = ReadonlyMap<ParameterName, Float32Array | SparseRows>;

/** Stored values with every matrix whole: what training starts from. */
export function denseValues(stored: StoredValues): ParameterValues {
  return new Map([...stored].map(([name, data]) => [name, data instanceof Float32Array ? data : denseRows(data)]));
}

/** Puts values on the backend, matrices compressed: a model to run, not to train. */
export function freezeParameters(config: ModelConfig, values: StoredValues): Parameters {
  const frozen = new Map<ParameterName, tf.Tensor | SparseMatrix>();
  for (const { name, shape, role } of listParameters(config)) {
    const data = values.get(name);
    if (!data) continue;
    if (role === "block" || role === "unembedding" || role === "bigram") {
      frozen.set(name, compressed(data, shape));
      continue;
    }
    const dense = data instanceof Float32Array ? data : denseRows(data);
    frozen.set(name, tf.keep(tf.tensor(dense, shape as number[], "float32")));
    // A table is looked up whole and a product skips zeros: a tied embedding is held in both forms.
    if (config.tiedUnembed && role === "embedding") frozen.set("lm_head.weight", compressed(data, shape));
  }
  return new Parameters(frozen);
}

function compressed(data: Float32Array | SparseRows, shape: readonly number[]): SparseMatrix {
  if (!(data instanceof Float32Array)) return SparseMatrix.fromCompressed(data);
  const dense = tf.tensor2d(data, shape as [number, number], "float32");
  const matrix = SparseMatrix.fromDense(dense);
  dense.dispose();
  return matrix;
}
