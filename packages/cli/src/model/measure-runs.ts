import type { Model, TokenBatch } from "@filigree/core";
import { partsOf } from "./token-rows.ts";

/** How long a pass takes. */
export interface Measurement {
  /** Of the median pass. */
  readonly tokensPerSecond: number;
  /** Of a pass over all rows: median, least, most. */
  readonly milliseconds: readonly [median: number, min: number, max: number];
  /** The most memory that the process has held at once. */
  readonly peakMemoryBytes: number;
}

/** Times `repeat` passes over all rows, after one to warm up. */
export async function measureRuns(
  model: Model,
  tokens: TokenBatch,
  repeat: number,
  onProgress: (text: string) => void,
): Promise<Measurement> {
  const { runModel } = await import("@filigree/core");
  const pass = () => {
    const begun = performance.now();
    for (const part of partsOf(tokens)) {
      // Both backends compute before they return: the logits are there, and need not be copied out.
      runModel(model, part.tokens).dispose();
    }
    return performance.now() - begun;
  };
  pass();
  const times: number[] = [];
  while (times.length < repeat) {
    onProgress(`pass ${times.length + 1} of ${repeat}`);
    times.push(pass());
    // Lets Ctrl-C in: a pass blocks the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sorted = times.toSorted((a, b) => a - b);
  const middle = (sorted[(repeat - 1) >> 1]! + sorted[repeat >> 1]!) / 2;
  return {
    tokensPerSecond: (1000 * tokens.ids.length) / middle,
    milliseconds: [middle, sorted[0]!, sorted.at(-1)!],
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}
