import type { SwapResult } from "./whole-pass.ts";

/** How many numbers a memo may hold, and what an entry costs beside its numbers. */
const CAPACITY = 2 ** 23;
const ENTRY = 32;

/** Results of swaps by their keys, for all rules and claims of a file. The oldest go first where there are too many. */
export class SwapMemo {
  readonly #results = new Map<string, SwapResult>();
  #size = 0;

  get(key: string): SwapResult | undefined {
    return this.#results.get(key);
  }

  set(key: string, result: SwapResult): void {
    if (this.#results.has(key)) return;
    this.#results.set(key, result);
    this.#size += sizeOf(result);
    for (const [oldest, old] of this.#results) {
      if (this.#size <= CAPACITY) break;
      this.#results.delete(oldest);
      this.#size -= sizeOf(old);
    }
  }
}

function sizeOf({ after, read }: SwapResult): number {
  return ENTRY + after.length + read.length;
}
