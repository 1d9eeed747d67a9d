import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Lines are gathered up to so many characters before they are written; files are joined in as many bytes at a time. */
const CHUNK = 1 << 20;

/** Writes a file of lines that may be too many for memory. */
export class LineWriter {
  readonly #file: number;
  #pending = "";

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  add(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= CHUNK) this.#write();
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    writeSync(this.#file, this.#pending);
    this.#pending = "";
  }
}

/**
 * A file that several threads write, a part each. It appears under its name only when it is whole: until `finish`, the
 * parts are temporary files beside it, which `discard` removes.
 */
export class FileInParts {
  readonly #path: string;
  readonly #parts: string[] = [];

  /** Fails at once where the file could not be written. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(this.part(), "w"));
  }

  /** A path for the next part; parts follow each other in the order of these calls. */
  part(): string {
    const part = `${this.#path}.${process.pid}.${this.#parts.length}.tmp`;
    this.#parts.push(part);
    return part;
  }

  finish(): void {
    const [whole, ...others] = this.#parts;
    const file = openSync(whole!, "a");
    try {
      for (const part of others) append(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(whole!, this.#path);
  }

  /** Leaves no part behind. */
  discard(): void {
    for (const part of this.#parts) rmSync(part, { force: true });
  }
}

function append(to: number, part: string): void {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const from = openSync(part, "r");
  try {
    for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer)) writeSync(to, buffer, 0, read);
  } finally {
    closeSync(from);
  }
}
