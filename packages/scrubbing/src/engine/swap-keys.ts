import { sha256 } from "@filigree/core";
import type { Swap, SwapWrite } from "./swaps.ts";

/**
 * Names swaps by what they do: two swaps have one key when they write the same bytes to the same places of the same
 * reference. Bytes are told apart by their sha256, so that nothing but small numbers is kept of them.
 */
export class SwapKeys {
  /** Columns of recorded runs come again and again, and never change: by place in memory. */
  readonly #places = new WeakMap<ArrayBufferLike, Map<number, number>>();
  readonly #lists = new WeakMap<readonly number[], number>();
  readonly #names = new Map<string, number>();
  readonly #isFixed: (memory: ArrayBufferLike) => boolean;

  /** @param isFixed whether memory never changes: a view of it is known by its place */
  constructor(isFixed: (memory: ArrayBufferLike) => boolean) {
    this.#isFixed = isFixed;
  }

  keyOf({ reference, writes }: Swap): string {
    return `${reference}|${writes.map((write) => this.#writeKey(write)).join("|")}`;
  }

  /** A number for the bytes of some values: equal where they are. */
  contentOf(values: Float32Array): number {
    if (!this.#isFixed(values.buffer)) return this.#digest(values);
    let places = this.#places.get(values.buffer);
    if (!places) this.#places.set(values.buffer, (places = new Map()));
    // Views that begin at one place may differ in length, which 2²¹ bounds.
    const place = values.byteOffset * 2 ** 21 + values.length;
    let id = places.get(place);
    if (id === undefined) places.set(place, (id = this.#digest(values)));
    return id;
  }

  #writeKey({ site, channels, position, values, receiver }: SwapWrite): string {
    const list = channels ? this.#listOf(channels) : "";
    return `${this.#nameOf(site)},${list},${position},${receiver ?? ""},${this.contentOf(values)}`;
  }

  #digest({ buffer, byteOffset, byteLength }: Float32Array): number {
    return this.#nameOf(
      sha256()
        .update(new Uint8Array(buffer, byteOffset, byteLength))
        .hex(),
    );
  }

  #listOf(channels: readonly number[]): number {
    let id = this.#lists.get(channels);
    if (id === undefined) this.#lists.set(channels, (id = this.#nameOf(channels.join())));
    return id;
  }

  #nameOf(text: string): number {
    let id = this.#names.get(text);
    if (id === undefined) this.#names.set(text, (id = this.#names.size));
    return id;
  }
}
