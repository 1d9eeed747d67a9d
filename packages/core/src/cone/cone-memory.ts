import { sha256 } from "#platform/sha256";
import type { Fills } from "../ablation.ts";
import type { TokenBatch } from "../forward.ts";
import type { CircuitSite } from "./circuit-nodes.ts";
import type { Channels } from "./linear-rows.ts";

/** Numbers that are remembered at most: 128 MB. */
const MOST_REMEMBERED = 2 ** 25;

/** Names a circuit as far as some sublayer: equal for circuits that have the same nodes and fills up to there. */
export type ConePrefix = string & { readonly conePrefix: unique symbol };

/**
 * What circuits write, sublayer by sublayer, in batches that are run again and again. A search that removes one node at
 * a time leaves all sublayers before that node's as they were: what they write is looked up here. What was not asked for
 * longest is forgotten first.
 */
export class ConeMemory {
  readonly #batches = new WeakMap<TokenBatch, number>();
  readonly #fills = new WeakMap<Fills, number>();
  readonly #writes = new Map<string, Channels>();
  #count = 0;
  #size = 0;

  /** The prefix in front of the first sublayer. */
  start(fills: Fills): ConePrefix {
    return `fills ${this.#numberOf(this.#fills, fills)}` as ConePrefix;
  }

  /** The prefix with one more sublayer. */
  with(prefix: ConePrefix, sites: readonly CircuitSite[]): ConePrefix {
    const nodes = sites.map(({ channels }) => channels.join()).join(";");
    return sha256()
      .update(new TextEncoder().encode(`${prefix} ${nodes}`))
      .hex() as ConePrefix;
  }

  /** What the last sublayer of a prefix writes into a part of a batch. @param part the sequence that it begins with */
  writes(prefix: ConePrefix, tokens: TokenBatch, part: number, make: () => Channels): Channels {
    // A batch that is run once is not worth remembering.
    const isKnown = this.#batches.has(tokens);
    const name = `${this.#numberOf(this.#batches, tokens)} ${part} ${prefix}`;
    const known = this.#writes.get(name);
    const writes = known ?? make();
    if (!isKnown) return writes;
    if (!known) this.#size += sizeOf(writes);
    this.#writes.delete(name);
    this.#writes.set(name, writes);
    for (const [oldest, forgotten] of this.#writes) {
      if (this.#size <= MOST_REMEMBERED) break;
      this.#size -= sizeOf(forgotten);
      this.#writes.delete(oldest);
    }
    return writes;
  }

  #numberOf<Key extends object>(numbers: WeakMap<Key, number>, key: Key): number {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = this.#count++));
    return number;
  }
}

function sizeOf(writes: Channels): number {
  let size = 0;
  for (const values of writes.values()) size += values.length;
  return size;
}
