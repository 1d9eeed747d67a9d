/**
 * The candidates that a person may have meant by `name`, nearest first; empty when none is near.
 * Near is an optimal-string-alignment distance of at most a third of the longer word, where case
 * and the separators `-`, `_` and space do not count. Ties keep the order of the candidates.
 */
export function nearestNames(name: string, candidates: readonly string[], limit = 3): string[] {
  const wanted = comparable(name);
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, comparable(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length, 3) / 3)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** `did you mean "a" or "b"?`, or undefined when no candidate is near. */
export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const near = nearestNames(name, candidates).map((candidate) => `"${candidate}"`);
  return near.length === 0 ? undefined : `did you mean ${near.join(" or ")}?`;
}

function comparable(name: string): string {
  return name.toLowerCase().replace(/[-_\s]+/g, " ");
}

/** Edits (insert, delete, replace, swap two neighbours) that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
