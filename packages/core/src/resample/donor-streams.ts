import type { ModelConfig } from "../config.ts";
import type { Channels } from "../cone/linear-rows.ts";
import { channelOf, someColumns } from "./columns.ts";

/** What one sublayer of the donors writes, [d, columns]; which columns of those before it go on, where not all do. */
export interface DonorWrites {
  readonly output: Float32Array;
  readonly chosen: Int32Array | undefined;
}

/**
 * The stream of the references with everything that sublayers write taken from the donors: before each sublayer and at
 * the end, [d, columns]. It is added up in the order of the pass, and so has its bits.
 */
export class DonorStreams {
  readonly #config: ModelConfig;
  readonly #writes: readonly DonorWrites[];
  /** One more than there are sublayers. */
  readonly before: readonly Float32Array[];

  /** @param embedding [d, columns], of the references */
  constructor(config: ModelConfig, embedding: Float32Array, writes: readonly DonorWrites[]) {
    this.#config = config;
    this.#writes = writes;
    const before = [embedding];
    for (const write of writes) before.push(this.#sum(before.at(-1)!, write, write.output));
    this.before = before;
  }

  get bytes(): number {
    return this.before.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * The channels that may differ behind a sublayer: those that may before it, and those that a circuit writes there.
   *
   * @param written what a circuit made of channels before the sublayer
   * @param writes what its nodes among the sublayer's outputs show
   */
  advance(sublayer: number, written: Channels, writes: Channels): Channels {
    const stream = this.before[sublayer]!;
    const write = this.#writes[sublayer]!;
    const columns = (values: Float32Array) => values.length / this.#config.dModel;
    return new Map(
      [...new Set([...written.keys(), ...writes.keys()])].map((channel) => {
        const x = written.get(channel) ?? channelOf(stream, channel, columns(stream));
        const output = writes.get(channel) ?? channelOf(write.output, channel, columns(write.output));
        return [channel, this.#sum(x, write, output)];
      }),
    );
  }

  /** As the pass adds a sublayer's output, of one channel or of all. */
  #sum(stream: Float32Array, { chosen }: DonorWrites, output: Float32Array): Float32Array {
    const sum = chosen ? someColumns(stream, (stream.length / output.length) * chosen.length, chosen) : stream.slice();
    for (let t = 0; t < sum.length; t++) sum[t]! += output[t]!;
    if (this.#config.residualActivation === "relu") for (let t = 0; t < sum.length; t++) sum[t] = Math.max(0, sum[t]!);
    return sum;
  }
}
