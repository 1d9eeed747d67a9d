/** Writes a text again and again, one version after the other; where several wait, the newest one only. */
export class LatestWriter {
  readonly #write: (text: string) => Promise<void>;
  #waiting: string | undefined;
  #writing: Promise<void> | undefined;

  constructor(write: (text: string) => Promise<void>) {
    this.#write = write;
  }

  /** Writes soon. A version that cannot be written is left out: the next one may be. */
  add(text: string): void {
    this.#waiting = text;
    this.#writing ??= this.#writeAll();
  }

  /** When nothing is being written any more. */
  async end(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== undefined) {
      const text = this.#waiting;
      this.#waiting = undefined;
      await this.#write(text).catch(() => undefined);
    }
    this.#writing = undefined;
  }
}
