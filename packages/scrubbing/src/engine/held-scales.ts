import * as tf from "@tensorflow/tfjs-core";
import { normedSite, normScales, type NormScales, type SiteName, type TokenBatch } from "@filigree/core";
import type { CleanRuns } from "./clean-runs.ts";

/**
 * The scales that norms have in the undisturbed runs of a batch's references, for all columns or for those that are read.
 *
 * @param references dataset indices, one a sequence of the batch
 */
export function heldScales(
  clean: CleanRuns,
  { ids, seq }: TokenBatch,
  readout: Int32Array,
  references: readonly number[],
): NormScales {
  const { norm, dModel } = clean.model.config;
  const known = (site: SiteName) => {
    const values = new Float32Array(dModel * ids.length);
    references.forEach((reference, row) => {
      const columns = clean.columns(site, reference);
      for (let t = 0; t < columns.length / dModel; t++) {
        for (let c = 0; c < dModel; c++) values[c * ids.length + row * seq + t] = columns[t * dModel + c]!;
      }
    });
    return tf.tensor2d(values, [dModel, ids.length]);
  };
  return (name, x) => {
    const site = normedSite(name);
    if (norm === "none" || site === undefined) return undefined;
    const scales = normScales(norm, known(site));
    // Behind the last attention a pass may see the columns that are read, and no others.
    return x.shape[1] === scales.size ? scales : tf.gather(scales, tf.tensor1d(readout, "int32"));
  };
}
