import type { Dataset } from "../data/dataset.ts";
import type { Interval } from "../statistics/bootstrap.ts";

/**
 * freedom = log₂ of the distinct donors in a class / log₂ of the distinct examples, on average over references, the least
 * over a claim's leaves: how much the claim lets vary. At 0 each class is one prompt and the claim says nothing.
 *
 * @param leaves for each leaf, the allowed donors of each reference, as dataset indices
 */
export function freedomOf(dataset: Dataset, leaves: readonly (readonly (readonly number[])[])[]): Interval {
  const distinct = (indices: readonly number[]) => new Set(indices.map((i) => dataset.examples[i]!.tokens)).size;
  const all = Math.log2(distinct(dataset.examples.map(({ index }) => index)));
  const served = leaves.map((donors) => donors.filter((list) => list.length > 0));
  const shares = served.map((lists) => {
    return lists.reduce((sum, list) => sum + Math.log2(distinct(list)) / all, 0) / lists.length;
  });
  const estimate = Math.min(...shares);
  return { estimate, low: estimate, high: estimate, n: Math.min(...served.map(({ length }) => length)) };
}
