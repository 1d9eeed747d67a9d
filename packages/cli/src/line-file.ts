import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Lines are gathered up to so many characters before they are written. */
const CHUNK = 1 << 20;

/**
 * A file of lines that may be too many for memory. It appears under its name only when it is whole: until `finish`,
 * the lines are in a temporary file beside it, which `discard` removes.
 */
export class LineFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: number;
  #pending = "";
  #open = true;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#file = openSync(this.#temporary, "w");
  }

  add(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= CHUNK) this.#write();
  }

  finish(): void {
    this.#write();
    fsyncSync(this.#file);
    closeSync(this.#file);
    this.#open = false;
    renameSync(this.#temporary, this.#path);
  }

  /** Leaves nothing behind, unless the file is finished. */
  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
    rmSync(this.#temporary, { force: true });
  }

  #write(): void {
    writeSync(this.#file, this.#pending);
    this.#pending = "";
  }
}
