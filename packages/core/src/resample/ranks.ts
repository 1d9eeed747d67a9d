const SIGNLESS = 0x7fffffff;

/**
 * Which entries of a vector AbsTopK keeps: those of largest magnitude and, of equal ones, those of lower channels, as in
 * the kernel. An entry's rank is counted; what is known of one entry decides all that stand above one that stays, or
 * below one that does not.
 */
export class Ranks {
  readonly #bits: Int32Array;
  readonly #count: number;
  readonly #k: number;
  #first = 0;
  /** The lowest entry known to stay, and the highest known not to. */
  #stays = 0;
  #staysAt = 0;
  #goes = 0;
  #goesAt = 0;

  /** @param values vectors of `count` entries, one after the other */
  constructor(values: Float32Array, count: number, k: number) {
    this.#bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    this.#count = count;
    this.#k = k;
  }

  /** Turns to the vector that begins at `first`, as it is now. */
  turnTo(first: number): void {
    this.#first = first;
    this.#stays = SIGNLESS;
    this.#staysAt = -1;
    this.#goes = -1;
  }

  isSelected(channel: number): boolean {
    if (this.#k >= this.#count) return true;
    // The bits of a float without its sign order like its magnitude.
    const mine = this.#bits[this.#first + channel]! & SIGNLESS;
    if (mine > this.#stays || (mine === this.#stays && channel <= this.#staysAt)) return true;
    if (mine < this.#goes || (mine === this.#goes && channel >= this.#goesAt)) return false;
    if (this.#countBefore(channel, mine) < this.#k) {
      this.#stays = mine;
      this.#staysAt = channel;
      return true;
    }
    this.#goes = mine;
    this.#goesAt = channel;
    return false;
  }

  /** How many entries stand above one. Free of branches in its loops. */
  #countBefore(channel: number, mine: number): number {
    const bits = this.#bits;
    const own = this.#first + channel;
    const end = this.#first + this.#count;
    let before = 0;
    for (let i = this.#first; i < own; i++) before += (mine - 1 - (bits[i]! & SIGNLESS)) >>> 31;
    for (let i = own + 1; i < end; i++) before += (mine - (bits[i]! & SIGNLESS)) >>> 31;
    return before;
  }
}
