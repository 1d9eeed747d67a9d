import { denseRows, sparseRows, type SparseRows } from "@filigree/kernels";
import { InputError } from "@filigree/sites";
import type { ModelConfig } from "../config.ts";
import { listParameters, type StoredValues } from "../parameters.ts";
import { decodeElements, encodeHalves } from "./element-types.ts";

/**
 * A model whose matrices hold the nearest float16 of each weight, so that its file takes two bytes a value. Values that
 * are too small for one become zero, and are nonzeros no longer. Gains and biases stay.
 *
 * @throws InputError for a weight beyond the largest float16.
 */
export function roundToHalves(config: ModelConfig, values: StoredValues, where: string): StoredValues {
  const shapes = new Map(listParameters(config).map(({ name, shape }) => [name, shape]));
  return new Map(
    [...values].map(([name, data]) => {
      const [rows, cols] = shapes.get(name)!;
      if (cols === undefined) return [name, data];
      if (data instanceof Float32Array) return [name, nearest(data, name, where)];
      const rounded: SparseRows = { ...data, values: nearest(data.values, name, where) };
      return [name, rounded.values.includes(0) ? sparseRows(denseRows(rounded), rows!, cols) : rounded];
    }),
  );
}

function nearest(values: Float32Array, name: string, where: string): Float32Array {
  const rounded = decodeElements("F16", new Uint8Array(encodeHalves(values).buffer));
  const tooLarge = rounded.findIndex((value) => !Number.isFinite(value));
  if (tooLarge < 0) return rounded;
  const what = `"${name}" holds ${values[tooLarge]}, which no float16 does`;
  throw new InputError({ what, where, expected: "weights of at most 65,504" });
}
