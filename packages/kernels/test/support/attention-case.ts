import fc from "fast-check";
import { Contents, type Plain } from "./plain.ts";

/** Shapes of attention: one head and one token among them, with a sink and without, causal or not. */
export const point = fc.record({
  heads: fc.integer({ min: 1, max: 3 }),
  dHead: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  seq: fc.integer({ min: 1, max: 11 }),
  causal: fc.boolean(),
  sink: fc.boolean(),
  seed: fc.nat(),
});
type Point = typeof point extends fc.Arbitrary<infer P> ? P : never;

/** Queries, keys and values, and sinks where the shape has them. */
export function inputsOf({ heads, dHead, batch, seq, sink, seed }: Point): { qkv: Plain[]; sinks: Plain | undefined } {
  const contents = new Contents(seed);
  const qkv = [0, 1, 2].map(() => contents.tensor([heads * dHead, batch * seq]));
  return { qkv, sinks: sink ? contents.tensor([heads]) : undefined };
}
