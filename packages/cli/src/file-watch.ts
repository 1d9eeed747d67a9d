import { watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Editors write a file in several steps: changes so close to each other are one. */
const SETTLE_MS = 100;

/** Waits for changes of files. The folders are watched, since many editors put a new file in the place of the old one. */
export class FileWatch {
  readonly #signal: AbortSignal;
  #dirty = false;
  #wake: (() => void) | undefined;

  /** Watches from now on, until the signal fires. */
  constructor(files: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    const names = new Map<string, Set<string>>();
    for (const file of files.map((path) => resolve(path))) {
      const folder = dirname(file);
      names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)));
    }
    for (const [folder, watched] of names) {
      watch(folder, { signal }, (_, name) => {
        if (name !== null && !watched.has(name)) return;
        this.#dirty = true;
        this.#wake?.();
      });
    }
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** True after the next change, one since the last call included; false where the signal fires first. */
  async changed(): Promise<boolean> {
    if (!this.#dirty && !this.#signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    if (this.#signal.aborted) return false;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    this.#dirty = false;
    return !this.#signal.aborted;
  }
}
