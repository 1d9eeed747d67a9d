import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchExamples, positionColumn, type Example } from "../../src/index.ts";

const example = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 9 }).chain((ids) =>
  fc.nat(ids.length - 1).map((position): Example => ({
    ids,
    answer: 0,
    position,
    features: {},
    positions: { last: ids.length - 1 },
    template: "t",
    split: "test",
  })),
);
const input = fc.record({
  examples: fc.array(example, { maxLength: 30 }),
  causal: fc.boolean(),
  batchSize: fc.integer({ min: 1, max: 8 }),
});

describe("batchExamples", () => {
  it("puts every example in one row, filled up on the right, and points at its answer position", () => {
    fc.assert(
      fc.property(input, ({ examples, ...options }) => {
        const batches = batchExamples(examples, options);
        expect(batches.flatMap(({ indices }) => indices).toSorted((a, b) => a - b)).toEqual([...examples.keys()]);
        for (const batch of batches) {
          const { ids, seq } = batch.batch;
          expect(batch.batch.batch).toBe(batch.indices.length);
          expect(batch.batch.batch).toBeLessThanOrEqual(options.batchSize);
          expect(ids.length).toBe(batch.batch.batch * seq);
          batch.indices.forEach((index, row) => {
            const own = examples[index]!;
            expect(batch.examples[row]).toBe(own);
            const filled = [...own.ids, ...Array.from({ length: seq - own.ids.length }, () => 0)];
            expect([...ids.subarray(row * seq, (row + 1) * seq)]).toEqual(filled);
            expect(batch.readout[row]).toBe(row * seq + own.position);
            expect(positionColumn(batch, row, "last")).toBe(row * seq + own.ids.length - 1);
            expect(positionColumn(batch, row, "opener")).toBeUndefined();
          });
        }
      }),
    );
  });

  it("fills nothing up where the model is not causal", () => {
    fc.assert(
      fc.property(input, ({ examples, batchSize }) => {
        for (const { batch, examples: own } of batchExamples(examples, { causal: false, batchSize })) {
          for (const { ids } of own) expect(ids.length).toBe(batch.seq);
        }
      }),
    );
  });

  it("uses no more batches than it must where the model is causal", () => {
    fc.assert(
      fc.property(input, ({ examples, batchSize }) => {
        expect(batchExamples(examples, { causal: true, batchSize })).toHaveLength(
          Math.ceil(examples.length / batchSize),
        );
      }),
    );
  });
});
