import type { TokenBatch } from "@filigree/core";
import type { Example } from "../task.ts";

/** Examples as one token batch, and where their answers are read. */
export interface ExampleBatch {
  readonly batch: TokenBatch;
  /** `[examples]`: the token column (row · seq + position) at which each example's answer is read. */
  readonly readout: Int32Array;
  /** `[examples]`: row r of the batch holds `examples[r]`. */
  readonly examples: readonly Example[];
  /** `[examples]`: where each lay in the list that was given. */
  readonly indices: readonly number[];
}

export interface BatchOptions {
  /**
   * Whether the model is causal. Only then may shorter rows be filled up on the right (with id 0), which no earlier
   * token can see; otherwise every batch holds rows of one length.
   */
  readonly causal: boolean;
  /** Most examples in a batch. */
  readonly batchSize: number;
}

/**
 * Arranges examples in batches, shortest first, so that little is filled up. Every example is in exactly one batch;
 * examples of one length keep their order.
 */
export function batchExamples(examples: readonly Example[], options: BatchOptions): ExampleBatch[] {
  const { causal, batchSize } = options;
  const order = examples.map((_, index) => index).sort((a, b) => length(examples[a]!) - length(examples[b]!) || a - b);
  const batches: ExampleBatch[] = [];
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && end - start < batchSize) {
      if (!causal && length(examples[order[end]!]!) !== length(examples[order[start]!]!)) break;
      end++;
    }
    batches.push(toBatch(examples, order.slice(start, end)));
    start = end;
  }
  return batches;
}

function length(example: Example): number {
  return example.ids.length;
}

function toBatch(all: readonly Example[], indices: readonly number[]): ExampleBatch {
  const examples = indices.map((index) => all[index]!);
  const seq = Math.max(...examples.map(length));
  const ids = new Int32Array(examples.length * seq);
  const readout = new Int32Array(examples.length);
  examples.forEach((example, row) => {
    ids.set(example.ids, row * seq);
    readout[row] = row * seq + example.position;
  });
  return { batch: { ids, batch: examples.length, seq }, readout, examples, indices };
}

/**
 * The token column of a named position of a batch's row, for reading or writing activations `[channels, tokens]`, or
 * undefined where that example has no such position.
 */
export function positionColumn(batch: ExampleBatch, row: number, position: string): number | undefined {
  const index = batch.examples[row]?.positions[position];
  return index === undefined ? undefined : row * batch.batch.seq + index;
}
