import * as tf from "@tensorflow/tfjs-core";
import { SparsityPattern, type ModelConfig, type ParameterName, type PatternedMatrix } from "@filigree/core";
import { valuesOf, type ShardGradients, type StepWeights } from "../gradients.ts";
import type { TrainingBatch } from "../tokens.ts";

// What threads tell each other: plain data. Numbers go from heap to heap to the bit.

/** What a thread begins with. */
export interface ThreadData {
  readonly config: ModelConfig;
  /** The table of pairs [vocabulary, outputs]. */
  readonly bigram: Float32Array | undefined;
}

/** A step's work for one thread. */
export interface Order {
  readonly weights: ReadonlyMap<ParameterName, PackedWeights>;
  readonly shards: readonly TrainingBatch[];
  /** Tokens of the whole batch. */
  readonly tokens: number;
}

/** What came of it, a part for each shard; or why nothing did. */
export type Reply = { readonly shards: readonly PackedGradients[] } | { readonly failure: unknown };

interface Packed {
  readonly values: Float32Array;
  readonly shape: number[];
}

interface PackedWeights extends Packed {
  /** Where the values stand in their matrix. `as before`: where they stood in the last order. */
  readonly places?: { readonly rows: number; readonly cols: number; readonly list: Int32Array } | "as before";
}

interface PackedGradients {
  readonly loss: number;
  readonly gradients: ReadonlyMap<ParameterName, Packed>;
}

/** @param before the weights that the same thread got last */
export function packWeights(weights: StepWeights, before: StepWeights): Order["weights"] {
  return new Map(
    [...weights].map(([name, stored]) => {
      const packed = pack(valuesOf(stored));
      if (!("pattern" in stored)) return [name, packed];
      const { pattern } = stored;
      const earlier = before.get(name);
      const isOld = earlier !== undefined && "pattern" in earlier && earlier.pattern === pattern;
      const { rows, cols, places } = pattern;
      return [name, { ...packed, places: isOld ? "as before" : { rows, cols, list: places } }];
    }),
  );
}

/** @param before what this made of the last order; it is freed, but for what is still used */
export function unpackWeights(packed: Order["weights"], before: StepWeights): StepWeights {
  const weights = new Map(
    [...packed].map(([name, { values, shape, places }]): [ParameterName, tf.Tensor | PatternedMatrix] => {
      const tensor = tf.tensor(values, shape, "float32");
      if (places === undefined) return [name, tensor];
      const earlier = before.get(name);
      const pattern =
        places === "as before"
          ? (earlier as PatternedMatrix).pattern
          : new SparsityPattern(places.rows, places.cols, places.list);
      return [name, { pattern, values: tensor as tf.Tensor1D }];
    }),
  );
  for (const [name, earlier] of before) {
    valuesOf(earlier).dispose();
    const now = weights.get(name);
    const isUsed = now !== undefined && "pattern" in now && "pattern" in earlier && now.pattern === earlier.pattern;
    if ("pattern" in earlier && !isUsed) earlier.pattern.dispose();
  }
  return weights;
}

/** Frees the gradients. */
export function packGradients({ loss, gradients }: ShardGradients): PackedGradients {
  const packed = new Map([...gradients].map(([name, gradient]) => [name, pack(gradient)]));
  tf.dispose([...gradients.values()]);
  return { loss, gradients: packed };
}

export function unpackGradients({ loss, gradients }: PackedGradients): ShardGradients {
  const unpack = ({ values, shape }: Packed) => tf.tensor(values, shape, "float32");
  return { loss, gradients: new Map([...gradients].map(([name, packed]) => [name, unpack(packed)])) };
}

/** Memory that may be handed over in the place of copied. */
export function buffersOf(shards: readonly PackedGradients[]): ArrayBuffer[] {
  return shards.flatMap(({ gradients }) => [...gradients.values()].map(({ values }) => values.buffer as ArrayBuffer));
}

function pack(tensor: tf.Tensor): Packed {
  // A copy: what the backend gives may be a window on its heap.
  return { values: tensor.dataSync<"float32">().slice(), shape: tensor.shape };
}
