/** What dealing looks at: pieces of one group share something that takes time to load; long pieces go out first. */
export interface PieceSize {
  readonly group: string;
  readonly cost: number;
}

/**
 * Deals pieces to threads. A thread keeps to its group while that has pieces left; then it takes a group that nobody
 * has begun, and then helps where most is left. No result depends on who gets what.
 */
export class Deal {
  readonly #sizes: readonly PieceSize[];
  readonly #waiting: Set<number>;
  readonly #begun = new Set<string>();

  constructor(sizes: readonly PieceSize[]) {
    this.#sizes = sizes;
    this.#waiting = new Set(sizes.keys());
  }

  /** The next piece for a thread that did `before`; undefined where nothing waits. */
  next(before: number | undefined): number | undefined {
    const group = this.#groupFor(before === undefined ? undefined : this.#sizes[before]!.group);
    if (group === undefined) return undefined;
    this.#begun.add(group);
    const pieces = this.#of(group);
    const next = pieces.reduce((best, i) => (this.#sizes[i]!.cost > this.#sizes[best]!.cost ? i : best), pieces[0]!);
    this.#waiting.delete(next);
    return next;
  }

  /** Nothing from this piece on is dealt any more; what comes before it is. */
  stopAt(piece: number): void {
    for (const index of this.#waiting) if (index >= piece) this.#waiting.delete(index);
  }

  #groupFor(own: string | undefined): string | undefined {
    const groups = [...new Set([...this.#waiting].map((i) => this.#sizes[i]!.group))];
    if (own !== undefined && groups.includes(own)) return own;
    const fresh = groups.find((group) => !this.#begun.has(group));
    if (fresh !== undefined || groups.length === 0) return fresh;
    return groups.reduce((most, group) => (this.#of(group).length > this.#of(most).length ? group : most));
  }

  #of(group: string): number[] {
    return [...this.#waiting].filter((i) => this.#sizes[i]!.group === group);
  }
}
