import type { Position } from "@filigree/hypothesis";
import type { DatasetExample } from "../data/dataset.ts";
import { roleIndex } from "../data/roles.ts";

/**
 * The tokens that a claim tells apart: one place for each of its positions, and one, the last, for all other tokens. Where
 * two positions fall on one token in every example they are one place.
 */
export class Places {
  /** Number of places, that of all other tokens included. */
  readonly count: number;
  readonly #causal: boolean;
  readonly #places = new Map<string, number>();
  /** [from][to]: in which orders two positions occur. */
  readonly #orders: readonly (readonly Orders[])[];

  /** @param answers whether the place where the answer is read is told apart too */
  constructor(positions: readonly Position[], examples: readonly DatasetExample[], causal: boolean) {
    const single = positions.filter(({ kind }) => kind !== "all");
    const indices = single.map((position) => examples.map((example) => roleIndex(example, position)));
    const answer = examples.map(({ position }) => position);
    const distinct: (number | undefined)[][] = [answer];
    single.forEach((position, i) => {
      const same = distinct.findIndex((other) => other.every((index, k) => index === indices[i]![k]));
      this.#places.set(keyOf(position), same < 0 ? distinct.push(indices[i]!) - 1 : same);
    });
    this.count = distinct.length + 1;
    this.#causal = causal;
    this.#orders = distinct.map((from) => distinct.map((to) => ordersOf(from, to)));
  }

  /** The place where the answer is read. */
  get answer(): number {
    return 0;
  }

  /** The places of a position: all of them, for `all`. */
  of(position: Position): number[] {
    if (position.kind === "all") return Array.from({ length: this.count }, (_, place) => place);
    return [this.#places.get(keyOf(position))!];
  }

  /** Whether attention may carry something from one place to another in some example. */
  flows(from: number, to: number): boolean {
    if (!this.#causal || from === this.count - 1 || to === this.count - 1) return true;
    const { before, same } = this.#orders[from]![to]!;
    return before || same;
  }

  /** Whether two places are one token in some example. */
  meet(a: number, b: number): boolean {
    if (a === b) return true;
    return a !== this.count - 1 && b !== this.count - 1 && this.#orders[a]![b]!.same;
  }
}

interface Orders {
  readonly before: boolean;
  readonly same: boolean;
}

function ordersOf(from: readonly (number | undefined)[], to: readonly (number | undefined)[]): Orders {
  const pairs = from
    .map((a, k) => [a, to[k]] as const)
    .filter((pair): pair is readonly [number, number] => {
      return pair[0] !== undefined && pair[1] !== undefined;
    });
  return { before: pairs.some(([a, b]) => a < b), same: pairs.some(([a, b]) => a === b) };
}

function keyOf(position: Position): string {
  return JSON.stringify(position);
}
