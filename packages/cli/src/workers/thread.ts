import { Worker } from "node:worker_threads";
import { unpackError, type Message } from "./messages.ts";
import type { InputOf, NewsOf, OutputOf, WorkKind } from "./workbenches.ts";

/** A worker thread as the main thread sees it. It does one piece at a time. */
export class Thread<Kind extends WorkKind> {
  readonly #worker: Worker;
  /** The piece in hand. */
  #piece: Piece<Kind> | undefined;

  constructor(kind: Kind) {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: kind })
      .on("message", (message: Message<OutputOf<Kind>, NewsOf<Kind>>) => this.#hear(message))
      .on("error", (cause) => this.#crash(cause))
      .on("messageerror", (cause) => this.#crash(cause))
      .on("exit", (code) => this.#crash(`exit code ${code}`));
  }

  /** @throws what the piece throws; or, where the thread itself ends, an error that says so. */
  do(input: InputOf<Kind>, onNews: (news: NewsOf<Kind>) => void): Promise<OutputOf<Kind>> {
    return new Promise((resolve, reject) => {
      this.#piece = { resolve, reject, onNews };
      this.#worker.postMessage(input, []);
    });
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#piece = undefined;
    await this.#worker.terminate();
  }

  #hear(message: Message<OutputOf<Kind>, NewsOf<Kind>>): void {
    const piece = this.#piece;
    if (!piece) return;
    if ("news" in message) return piece.onNews(message.news);
    this.#piece = undefined;
    if ("output" in message) piece.resolve(message.output);
    else piece.reject(unpackError(message.failure));
  }

  #crash(cause: unknown): void {
    this.#piece?.reject(new ThreadEnded("a worker thread ended in the middle of its work", { cause }));
  }
}

/** A worker thread ended by itself: out of memory, say. */
export class ThreadEnded extends Error {
  override readonly name = "ThreadEnded";
}

interface Piece<Kind extends WorkKind> {
  resolve(output: OutputOf<Kind>): void;
  reject(error: unknown): void;
  onNews(news: NewsOf<Kind>): void;
}
