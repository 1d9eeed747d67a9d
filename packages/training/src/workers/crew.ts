import { Worker } from "node:worker_threads";
import { differentiate, type FixedParts, type ShardGradients, type StepWeights } from "../gradients.ts";
import type { TrainingBatch } from "../tokens.ts";
import { packWeights, unpackGradients, type Order, type Reply, type ThreadData } from "./messages.ts";

/**
 * Threads that share the shards of a batch; the thread that calls takes its part. Which of them does a shard changes no
 * bit of what comes out. Each has a wasm heap of its own.
 */
export class Crew {
  readonly #fixed: FixedParts;
  readonly #threads: readonly ShardThread[];
  /** What the threads got last. */
  #sent: StepWeights = new Map();

  /** @param size threads in all, this one too */
  constructor(size: number, fixed: FixedParts, bigram: Float32Array | undefined) {
    this.#fixed = fixed;
    const data: ThreadData = { config: fixed.config, bigram };
    this.#threads = Array.from({ length: size - 1 }, () => new ShardThread(data));
  }

  get size(): number {
    return this.#threads.length + 1;
  }

  /** Losses and gradients in the order of the shards. */
  async differentiate(weights: StepWeights, shards: readonly TrainingBatch[]): Promise<ShardGradients[]> {
    const tokens = shards.reduce((sum, { ids }) => sum + ids.length, 0);
    const { size } = this;
    const partOf = (member: number) => shards.filter((_, i) => i % size === member);
    const packed = packWeights(weights, this.#sent);
    this.#sent = weights;
    const others = this.#threads.map((thread, i) => thread.do({ weights: packed, shards: partOf(i + 1), tokens }));
    // Where a thread fails while this one is at work, the failure waits for the line after it.
    for (const other of others) other.catch(() => undefined);
    const own = [...differentiate(this.#fixed, weights, partOf(0), tokens)];
    const parts = [own, ...(await Promise.all(others))];
    return shards.map((_, i) => parts[i % size]![Math.floor(i / size)]!);
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

/** A worker thread as this one sees it. */
class ShardThread {
  readonly #worker: Worker;
  #waiting: { resolve(shards: ShardGradients[]): void; reject(cause: unknown): void } | undefined;
  #ended: unknown;

  constructor(data: ThreadData) {
    this.#worker = new Worker(new URL("./shard-thread.js", import.meta.url), { workerData: data })
      .on("message", (reply: Reply) => {
        if ("failure" in reply) this.#waiting?.reject(reply.failure);
        else this.#waiting?.resolve(reply.shards.map(unpackGradients));
        this.#waiting = undefined;
      })
      .on("error", (cause) => this.#crash(cause))
      .on("exit", (code) => this.#crash(`exit code ${code}`));
  }

  do(order: Order): Promise<ShardGradients[]> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#ended === undefined) this.#worker.postMessage(order, []);
      else this.#crash(this.#ended);
    });
  }

  async end(): Promise<void> {
    this.#waiting = undefined;
    await this.#worker.terminate();
  }

  #crash(cause: unknown): void {
    this.#ended ??= cause;
    this.#waiting?.reject(new Error("a worker thread of the training ended by itself", { cause }));
    this.#waiting = undefined;
  }
}
