/**
 * Holm's procedure (1979): which of a family of hypotheses are rejected so that the chance of a single wrong rejection
 * is at most alpha.
 *
 * @param tests how many were tested, those with no `ps` included
 * @param ps of those that are rejected one by one
 * @returns for each of `ps`, whether it stays rejected
 */
export function holm(ps: readonly number[], tests: number, alpha: number): boolean[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a]! - ps[b]!);
  const first = order.findIndex((i, rank) => ps[i]! > alpha / (tests - rank));
  const rejected = new Set(first < 0 ? order : order.slice(0, first));
  return ps.map((_, i) => rejected.has(i));
}
