import { checkOptions } from "@filigree/core";
import { expect, test } from "vitest";
import { hardConcrete } from "../src/index.ts";
import { contextAt, plainMatrix } from "./support/plain-matrix.ts";

/** Learns a matrix whose entries should be 2 in the first row and do not matter elsewhere: loss Σ (w − 2)² / 2. */
async function learn(given: object, steps: number) {
  const options = await checkOptions(hardConcrete.options, given, "hard-concrete");
  const matrix = plainMatrix({ name: "w", rows: 10, cols: 10 });
  const state = hardConcrete.init(contextAt(0, steps, [matrix]), options);
  for (let step = 0; step < steps; step++) {
    const ctx = contextAt(step, steps, [matrix]);
    const used = hardConcrete.forward!(ctx, options, state, matrix);
    const gradient = used.map((w, i) => (i < 10 ? w - 2 : 0));
    const onWeights = hardConcrete.backward!(ctx, options, state, matrix, gradient);
    matrix.setValues(matrix.values().map((w, i) => w - 0.1 * onWeights[i]!));
    hardConcrete.step(ctx, options, state);
  }
  const final = hardConcrete.finish!(contextAt(steps, steps, [matrix]), options, state, matrix);
  return { final, density: hardConcrete.density({ step: steps, steps }, options, state), matrix };
}

test("keeps the weights that matter, and closes about as many as it should", async () => {
  const { final, density } = await learn({ block: 0.2 }, 400);
  // One that starts near 0 may close before it has grown.
  expect(final.slice(0, 10).filter((w) => Math.abs(w - 2) < 0.1).length).toBeGreaterThanOrEqual(8);
  const share = final.filter((w) => w !== 0).length / 100;
  expect(share).toBeGreaterThanOrEqual(0.15);
  expect(share).toBeLessThanOrEqual(0.25);
  expect(density).toBe(share);
});

test("at a fixed price closes what is not worth it, whatever the fraction", async () => {
  const { final } = await learn({ block: 0.9, lambda: 2 }, 400);
  expect(final.filter((w, i) => i >= 10 && w !== 0).length).toBe(0);
  expect(final.slice(0, 10).filter((w) => w !== 0).length).toBeGreaterThanOrEqual(8);
});

test("the gradient of a weight is that of the gated one, times its gate", async () => {
  const options = await checkOptions(hardConcrete.options, { block: 0.5 }, "hard-concrete");
  const matrix = plainMatrix({ name: "w", rows: 4, cols: 4 });
  const ctx = contextAt(0, 10, [matrix]);
  const state = hardConcrete.init(ctx, options);
  const weights = matrix.values();
  const gates = hardConcrete.forward!(ctx, options, state, matrix).map((used, i) => used / weights[i]!);
  const gradient = Float32Array.from({ length: 16 }, (_, i) => i - 8);
  const onWeights = hardConcrete.backward!(ctx, options, state, matrix, gradient);
  onWeights.forEach((g, i) => expect(g).toBeCloseTo((i - 8) * gates[i]!, 4));
});
