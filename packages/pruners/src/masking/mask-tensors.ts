import * as tf from "@tensorflow/tfjs-core";
import { gateChannels, InputError, type Edit, type NodeMask, type SiteName } from "@filigree/core";

/** What closed gates show: the mean of every channel of a site. */
export type Means = ReadonlyMap<SiteName, Float32Array>;

/** A mask on the backend. */
export interface MaskTensors {
  /** Gates of each site, in the mask's order. */
  readonly gates: readonly tf.Tensor1D[];
  /** The edit that masks with these gates, or with others in their place, in the same order. */
  edit(gates?: readonly tf.Tensor1D[]): Edit;
}

/**
 * Runs `work` with a mask's tensors, and frees them.
 *
 * @throws InputError where a masked site has no mean.
 */
export function withMask<Result>(mask: NodeMask, means: Means, work: (tensors: MaskTensors) => Result): Result {
  const sites = [...mask.keys()];
  const place = new Map(sites.map((site, index) => [site, index]));
  const values = sites.map((site) => meanOf(site, means));
  const gates = [...mask.values()].map((values) => tf.tensor1d(values));
  const fills = values.map((fill) => tf.tensor1d(fill));
  const edit = (instead: readonly tf.Tensor1D[] = gates): Edit => {
    return (site, value) => {
      const index = place.get(site);
      return index === undefined ? value : gateChannels(value, instead[index]!, fills[index]!);
    };
  };
  try {
    return work({ gates, edit });
  } finally {
    tf.dispose([gates, fills]);
  }
}

function meanOf(site: SiteName, means: Means): Float32Array {
  const mean = means.get(site);
  if (mean) return mean;
  throw new InputError({
    what: `there is no mean of the site "${site}" to ablate with`,
    hint: "`filigree train` stores the means of a corpus with its checkpoints",
  });
}
