import { sha256 } from "#platform/sha256";
import type { Fills } from "../ablation.ts";
import { areEqual } from "../equal-numbers.ts";
import type { TokenBatch } from "../forward.ts";
import type { CircuitSite } from "./circuit-nodes.ts";
import type { Channels } from "./linear-rows.ts";

/** Numbers that are remembered at most, 128 MB, and what an entry costs beside its own. */
const MOST_REMEMBERED = 2 ** 25;
const ENTRY = 150;

/** Names a circuit as far as some sublayer: equal for circuits that have the same nodes and fills up to there. */
export type ConePrefix = string & { readonly conePrefix: unique symbol };

/** A batch that was run before. */
export type KnownBatch = number & { readonly knownBatch: unique symbol };

/**
 * What circuits write, sublayer by sublayer, in batches that are run again and again. A search that removes one node at
 * a time leaves all sublayers before that node's as they were: what they write is looked up here. What was not asked for
 * longest is forgotten first.
 */
export class ConeMemory {
  readonly #batches = new WeakMap<TokenBatch, { readonly ids: Int32Array; readonly number: number }>();
  readonly #fills = new WeakMap<Fills, number>();
  readonly #writes = new Map<string, Channels>();
  #count = 0;
  #size = 0;

  /** The prefix in front of the first sublayer. */
  start(fills: Fills): ConePrefix {
    let number = this.#fills.get(fills);
    if (number === undefined) this.#fills.set(fills, (number = this.#count++));
    return `fills ${number}` as ConePrefix;
  }

  /** The prefix with one more sublayer. */
  with(prefix: ConePrefix, sites: readonly CircuitSite[]): ConePrefix {
    const nodes = sites.map(({ channels }) => channels.join()).join(";");
    return sha256()
      .update(new TextEncoder().encode(`${prefix} ${nodes}`))
      .hex() as ConePrefix;
  }

  /** The batch, if it was run before; from now on it was. */
  batch(tokens: TokenBatch): KnownBatch | undefined {
    const known = this.#batches.get(tokens);
    if (known && areEqual(known.ids, tokens.ids)) return known.number as KnownBatch;
    this.#batches.set(tokens, { ids: tokens.ids.slice(), number: this.#count++ });
    return undefined;
  }

  /**
   * What the last sublayer of a prefix writes into a part of a batch. A batch that is run once is not worth remembering.
   *
   * @param part the sequence that the part begins with
   */
  writes(prefix: ConePrefix, batch: KnownBatch | undefined, part: number, make: () => Channels): Channels {
    if (batch === undefined) return make();
    const name = `${batch} ${part} ${prefix}`;
    const known = this.#writes.get(name);
    const writes = known ?? make();
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
}

function sizeOf(writes: Channels): number {
  let size = ENTRY;
  for (const values of writes.values()) size += values.length;
  return size;
}
