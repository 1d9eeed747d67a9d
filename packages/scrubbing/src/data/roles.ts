import { parseSite } from "@filigree/core";
import type { Position, SitePart } from "@filigree/hypothesis";
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
 * where the model has position embeddings, each role must sit at the same index. Both examples must have each role.
 */
export function roleFilter(dataset: Dataset, positions: readonly Position[], equalLength = false): DonorFilter {
  const whole = equalLength || positions.some(({ kind }) => kind === "all");
  const single = positions.filter(({ kind }) => kind !== "all");
  // Asked of every pair of examples: bound once in each.
  const bound = dataset.examples.map((example) => single.map((position) => roleIndex(example, position)));
  const complete = bound.map((roles) => roles.every((role) => role !== undefined));
  return (x, y) => {
    if (!complete[x.index] || !complete[y.index] || (whole && x.ids.length !== y.ids.length)) return false;
    if (!dataset.positionMatched) return true;
    const [at, from] = [bound[x.index]!, bound[y.index]!];
    return at.every((role, i) => role === from[i]);
  };
}

/** What parts ask of any two examples, so that their values can go from one to the other. */
export function placesFilter(dataset: Dataset, parts: readonly SitePart[]): DonorFilter {
  const positions = parts.map(({ position }) => position);
  // A row of a pattern has as many keys as its example has tokens.
  return roleFilter(
    dataset,
    positions,
    parts.some(({ site }) => parseSite(site).kind === "attn.pattern"),
  );
}
