import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * A process that times something when asked: one JSON line in, one JSON line out. It says `{"ready": true}` when it
 * has warmed up, and lives through all rounds, so that rounds may alternate with those of another.
 */
export class Contestant {
  #child;
  #lines;

  constructor(command, args) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error where the process ends instead of answering. */
  async answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} ended without an answer.`);
    return JSON.parse(value);
  }

  async ask(question) {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return this.answer();
  }

  async close() {
    this.#child.stdin.end();
    await new Promise((resolve) => this.#child.once("close", resolve));
  }
}
