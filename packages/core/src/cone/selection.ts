import { bitsOf, magnitude, preference, sortPlaces } from "./selection-order.ts";

/** Columns that are decided together: their preferences fit into a cache. */
const BLOCK = 32;

/** All tracked channels: at all columns or, in their order, at those that were asked for. */
export interface TrackedChannels {
  readonly channels: readonly Float32Array[];
  readonly columns: Int32Array | undefined;
}

/**
 * AbsTopK on a vector of which few channels vary, decided for some of them without looking at the rest.
 *
 * Say D channels are _tracked_ and the others are fixed, with preferences s₁ > s₂ > … . A tracked channel that b tracked
 * channels beat is selected exactly if fewer than k − b fixed ones beat it too, that is, if it beats s₍k₋b₎. As b is at
 * most D − 1, the D numbers s₍k₋D₊₁₎ … s₍k₎ decide everything: the _window_. A channel above the window's first number is
 * selected whatever b is, one below its last number is not, and only for the few between must the others be known.
 */
export class Selection {
  readonly #k: number;
  readonly #tracked: Int32Array;
  readonly #wanted: Int32Array;

  /**
   * @param k how many channels are selected
   * @param tracked the channels that may vary, ascending
   * @param wanted the channels, all of them tracked, whose selection matters
   */
  constructor(k: number, tracked: readonly number[], wanted: readonly number[]) {
    this.#k = k;
    this.#tracked = Int32Array.from(tracked);
    const place = new Map(tracked.map((channel, index) => [channel, index]));
    this.#wanted = Int32Array.from(wanted, (channel) => place.get(channel)!);
  }

  /** Comparisons that a column takes at most. */
  get cost(): number {
    return this.size * (1 + this.#wanted.length);
  }

  /** How many numbers a window has. */
  get size(): number {
    return this.#tracked.length;
  }

  /** The best and the worst place, from 0, among the fixed channels that a window tells of; the best may be negative. */
  get places(): { readonly first: number; readonly end: number } {
    return { first: this.#k - this.size, end: this.#k };
  }

  /**
   * Writes the window of one group of columns.
   *
   * @param fixed preferences of the fixed channels in any order; reordered here
   * @param above how many fixed channels are missing from `fixed`, all of which stand above the window
   */
  writeWindow(fixed: Float64Array, above: number, windows: Float64Array, group: number): void {
    const { first, end } = this.places;
    sortPlaces(fixed, Math.max(0, first - above), Math.max(0, end - above));
    const at = group * this.size;
    for (let place = first; place < end; place++) {
      const key = place < 0 ? Infinity : place - above < fixed.length ? fixed[place - above]! : -Infinity;
      windows[at + place - first] = key;
    }
  }

  /**
   * Sets to 0 what is not selected.
   *
   * @param values the wanted channels, each [columns]
   * @param windows one for each group, side by side
   * @param groups [columns]: whose window decides
   * @param trackedAt all tracked channels, at these columns at least
   */
  apply(
    values: readonly Float32Array[],
    windows: Float64Array,
    groups: Int32Array,
    trackedAt: (columns: Int32Array) => TrackedChannels,
  ): void {
    const undecided = this.#decideAlone(values, windows, groups);
    if (undecided.length === 0) return;
    const tracked = trackedAt(undecided);
    const all = tracked.channels.map(bitsOf);
    const size = this.size;
    const block = new Int32Array(BLOCK * size);
    for (let start = 0; start < undecided.length; start += BLOCK) {
      const count = Math.min(BLOCK, undecided.length - start);
      for (let i = 0; i < size; i++) {
        const bits = all[i]!;
        for (let j = 0; j < count; j++) {
          block[j * size + i] = magnitude(bits[tracked.columns ? start + j : undecided[start + j]!]!);
        }
      }
      for (let j = 0; j < count; j++) {
        const column = undecided[start + j]!;
        const magnitudes = block.subarray(j * size, (j + 1) * size);
        const at = groups[column]! * size;
        for (let w = 0; w < values.length; w++) {
          const own = this.#wanted[w]!;
          const key = preference(magnitudes[own]!, this.#tracked[own]!);
          if (key > windows[at]!) continue;
          if (key < windows[at + size - 1 - countBeating(magnitudes, own)]!) values[w]![column] = 0;
        }
      }
    }
  }

  /** Zeroes what is out whatever the other tracked channels are; returns the columns where they must be known. */
  #decideAlone(values: readonly Float32Array[], windows: Float64Array, groups: Int32Array): Int32Array {
    const size = this.size;
    const undecided = new Uint8Array(groups.length);
    let count = 0;
    values.forEach((channel, w) => {
      const bits = bitsOf(channel);
      const index = this.#tracked[this.#wanted[w]!]!;
      for (let t = 0; t < bits.length; t++) {
        const at = groups[t]! * size;
        const key = preference(bits[t]!, index);
        if (key > windows[at]!) continue;
        if (key < windows[at + size - 1]!) channel[t] = 0;
        else if (undecided[t] === 0) {
          undecided[t] = 1;
          count++;
        }
      }
    });
    const columns = new Int32Array(count);
    for (let t = 0, j = 0; j < count; t++) if (undecided[t] === 1) columns[j++] = t;
    return columns;
  }
}

/** How many magnitudes stand above one of them, equal ones above those of higher channels. Free of branches. */
function countBeating(magnitudes: Int32Array, own: number): number {
  const mine = magnitudes[own]!;
  let count = 0;
  for (let i = 0; i < own; i++) count += (mine - 1 - magnitudes[i]!) >>> 31;
  for (let i = own + 1; i < magnitudes.length; i++) count += (mine - magnitudes[i]!) >>> 31;
  return count;
}
