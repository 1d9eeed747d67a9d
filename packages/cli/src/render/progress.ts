import type { Output } from "../streams.ts";
import { cut } from "./text.ts";

/** Work shorter than this shows no progress. */
const PATIENCE_MS = 1_000;
/** How often the line of a terminal is redrawn at most, and how often a log gets a line. */
const TERMINAL_MS = 100;
const LOG_MS = 10_000;
const CLEAR_LINE = "\r\u001B[2K";

/** Says where long work is: one line that updates in place on a terminal, a plain line now and then elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #started: number;
  #shown = -Infinity;
  #open = false;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#started = now();
  }

  update(text: string): void {
    const now = this.#now();
    const { isTerminal, columns } = this.#output;
    if (now - this.#started < PATIENCE_MS || now - this.#shown < (isTerminal ? TERMINAL_MS : LOG_MS)) return;
    this.#shown = now;
    this.#open = isTerminal;
    this.#output.write(isTerminal ? CLEAR_LINE + cut(text, columns - 1) : `${text}\n`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#open) this.#output.write(CLEAR_LINE);
    this.#open = false;
  }
}
