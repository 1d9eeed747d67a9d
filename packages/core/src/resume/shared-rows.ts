import { areEqual } from "../equal-numbers.ts";
import { rowOf, type TokenWrite } from "./token-write.ts";

/** In front of the token `before` a run shows what the earlier one, `run`, shows. */
export interface Twin {
  readonly run: number;
  readonly before: number;
}

/**
 * Finds runs that begin alike: where no token sees a later one, two runs that start from one known run, and are written
 * to alike before some token, show the same before it. So of sixteen keys given to one token, each with a query of its
 * own for the last one, all rows between them are computed once for each key.
 *
 * Two runs are compared in front of tokens alone that both are written at: sharing less than could be is no error.
 */
export class SharedRows {
  /** Numbers for beginnings: a shorter one with the next write. */
  readonly #beginnings = new Map<string, number>();
  /** The first run with each beginning in front of a token. */
  readonly #first = new Map<string, number>();
  readonly #contents = new Contents();

  /** The run before this one that shares most of its rows; from now on it may be found itself. */
  twinOf(run: number, known: number, writes: readonly TokenWrite[]): Twin | undefined {
    if (writes.length < 2) return undefined;
    // Of two writes to one row the later one wins: they keep their order.
    const inOrder = writes.toSorted((a, b) => rowOf(a) - rowOf(b));
    let beginning = this.#begin(`run ${known}`);
    let twin: Twin | undefined;
    inOrder.forEach((write, i) => {
      const before = rowOf(write);
      if (i > 0 && before > rowOf(inOrder[i - 1]!)) {
        const name = `${beginning} ${before}`;
        const first = this.#first.get(name);
        if (first === undefined) this.#first.set(name, run);
        else twin = { run: first, before };
      }
      beginning = this.#begin(`${beginning} ${this.#nameOf(write)}`);
    });
    return twin;
  }

  #begin(name: string): number {
    let number = this.#beginnings.get(name);
    if (number === undefined) this.#beginnings.set(name, (number = this.#beginnings.size));
    return number;
  }

  #nameOf({ site, token, channels, receiver, values }: TokenWrite): string {
    return `${site},${token},${channels?.join("+") ?? "all"},${receiver ?? "all"},${this.#contents.idOf(values)}`;
  }
}

/** Numbers for the bits of values. */
class Contents {
  readonly #byHash = new Map<number, { readonly bits: Uint32Array; readonly id: number }[]>();
  #count = 0;

  idOf(values: Float32Array): number {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const hash = hashOf(bits);
    const alike = this.#byHash.get(hash) ?? [];
    const known = alike.find((other) => areEqual(other.bits, bits));
    if (known) return known.id;
    const id = this.#count++;
    this.#byHash.set(hash, [...alike, { bits, id }]);
    return id;
  }
}

/** FNV-1a, over words. */
function hashOf(words: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
  return hash;
}
