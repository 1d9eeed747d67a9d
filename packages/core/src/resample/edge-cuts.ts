import * as tf from "@tensorflow/tfjs-core";
import { add, linear, SparseMatrix } from "@filigree/kernels";
import type { HostWeights } from "../cone/host-weights.ts";
import { nonzerosWhere } from "../cone/nonzeros-where.ts";
import type { Project } from "../forward.ts";
import type { Parameters } from "../parameters.ts";

/**
 * Single weights that are cut, at places row · cols + column of their matrix, which is named without ".weight":
 * `transformer.h.0.attn.c_attn`. A cut edge carries what its source shows in the donor's run:
 * y = (W ∘ kept) · x + (W ∘ cut) · donated + b. What attention's c_proj multiplies is what heads mixed, the site attn.y.
 */
export type EdgeCuts = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * The model's products with edges cut, for the whole pass; dispose what it owns.
 *
 * @param donated what a matrix multiplies in the donors' run, [cols, columns of the pass there]
 */
export function donatedProjection(
  weights: HostWeights,
  parameters: Parameters,
  cuts: EdgeCuts,
  donated: (matrix: string) => Float32Array,
): { readonly project: Project; dispose(): void } {
  const split = new Map(
    [...cuts].map(([name, places]) => {
      const whole = weights.matrix(`${name}.weight`);
      const part = (isCut: boolean) =>
        SparseMatrix.fromCompressed(nonzerosWhere(whole, (_, place) => places.has(place) === isCut));
      return [name, { kept: part(false), cut: part(true) }];
    }),
  );
  return {
    project: (x, name) => {
      const bias = parameters.optional(`${name}.bias`);
      const matrix = split.get(name);
      if (!matrix) return linear(x, parameters.weight(`${name}.weight`), bias);
      return add(linear(x, matrix.kept, bias), linear(tf.tensor2d(donated(name), x.shape), matrix.cut));
    },
    dispose: () => {
      for (const { kept, cut } of split.values()) {
        kept.dispose();
        cut.dispose();
      }
    },
  };
}
