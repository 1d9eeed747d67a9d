import type { Position } from "@filigree/hypothesis";
import type { Dataset, DatasetExample } from "./dataset.ts";
import type { DonorFilter } from "./donors.ts";

/** The index of a position in an example, bound anew in each; undefined where it has none, or for `all`. */
export function roleIndex(example: DatasetExample, position: Position): number | undefined {
  switch (position.kind) {
    case "all":
      return undefined;
    case "index":
      return position.index < example.ids.length ? position.index : undefined;
    case "named":
      return position.name === "first" ? 0 : example.positions[position.name];
  }
}

/** Whether an example has every position. `all` needs none. */
export function hasRoles(example: DatasetExample, positions: readonly Position[]): boolean {
  return positions.every((position) => position.kind === "all" || roleIndex(example, position) !== undefined);
}

/**
 * What positions ask of donors: `all` needs equal length, and so does whatever is laid out by length (`equalLength`);
 * where the model has position embeddings, each role must sit at the same index. Both examples must have the role.
 */
export function roleFilter(dataset: Dataset, positions: readonly Position[], equalLength = false): DonorFilter {
  const whole = equalLength || positions.some(({ kind }) => kind === "all");
  return (x, y) => {
    if (whole && x.ids.length !== y.ids.length) return false;
    return positions.every((position) => {
      if (position.kind === "all") return true;
      const [at, from] = [roleIndex(x, position), roleIndex(y, position)];
      return at !== undefined && from !== undefined && (!dataset.positionMatched || at === from);
    });
  };
}
