import { checkOptions, InputError } from "@filigree/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { topK, type DenseMatrix } from "../src/index.ts";
import { contextAt, nonzeros, plainMatrix } from "./support/plain-matrix.ts";

const optionsOf = (given: object): Promise<unknown> => checkOptions(topK.options, given, "top-k");

/** The matrices after one step, late in the run unless `step` says otherwise. */
async function after(given: object, matrices: DenseMatrix[], { step = 99, biases = [] as DenseMatrix[] } = {}) {
  const options = await optionsOf(given);
  const state = topK.init(contextAt(0, 100, matrices, biases), options);
  topK.step(contextAt(step, 100, matrices, biases), options, state);
  return { options, state };
}

async function densities(given: object, matrices: DenseMatrix[] = [plainMatrix({ rows: 10, cols: 10 })]) {
  const options = await optionsOf(given);
  const state = topK.init(contextAt(0, 100, matrices), options);
  return Array.from({ length: 101 }, (_, step) => topK.density({ step, steps: 100 }, options, state));
}

describe("what stays", () => {
  test("is the final fraction of each kind of matrix, four times as much of embeddings if nothing is said", async () => {
    const block = plainMatrix({ rows: 100, cols: 5 });
    const embedding = plainMatrix({ rows: 40, cols: 5, role: "embedding" });
    const unembedding = plainMatrix({ rows: 40, cols: 5, role: "unembedding" });
    await after({ block: 0.02 }, [block, embedding]);
    await after({ block: 0.02, embedding: 0.5 }, [unembedding]);
    expect([block, embedding, unembedding].map(nonzeros)).toEqual([10, 16, 100]);
  });

  test("follows globs over names, of which the last that matches counts", async () => {
    const [fc0, fc1, out] = ["0.mlp.c_fc", "1.mlp.c_fc", "0.mlp.c_proj"].map((name) =>
      plainMatrix({ name: `transformer.h.${name}.weight`, rows: 20, cols: 5 }),
    ) as [DenseMatrix, DenseMatrix, DenseMatrix];
    const fractions = { "*.c_fc.weight": 0.1, "*.1.mlp.*": 0.5 };
    const { options, state } = await after({ block: 0.2, fractions }, [fc0, fc1, out]);
    expect([fc0, fc1, out].map(nonzeros)).toEqual([10, 50, 20]);
    expect(topK.density({ step: 99, steps: 100 }, options, state)).toBeCloseTo(80 / 300, 12);
    await expect(after({ block: 0.2, fractions: { "*.c_cf.*": 0.1 } }, [fc0])).rejects.toThrow(
      /no parameter matches "\*\.c_cf\.\*"/u,
    );
  });

  test("has so many weights of each neuron, along its own axis", async () => {
    for (const neurons of ["rows", "columns"] as const) {
      const matrix = plainMatrix({ rows: 12, cols: 8, neurons });
      // One neuron is so weak that without the rule nothing of it would stay.
      const weak = (i: number) => (neurons === "rows" ? Math.floor(i / 8) : i % 8) === 3;
      matrix.setValues(matrix.values().map((value, i) => (weak(i) ? value / 1000 : value)));
      await after({ block: 0.5, leastPerNeuron: 3 }, [matrix]);
      expect(nonzeros(matrix)).toBe(48);
      expect(matrix.values().filter((value, i) => weak(i) && value !== 0).length).toBe(3);
    }
  });

  test("cannot be fewer than its neurons need", async () => {
    const matrix = plainMatrix({ name: "c_fc", rows: 32, cols: 8, neurons: "rows" });
    const refused = after({ block: 0.3, leastPerNeuron: 4 }, [matrix]);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/4 weights for each of the 32 neurons of c_fc.*the 77.*at most 2/su);
    await after({ block: 0.3, leastPerNeuron: 2 }, [matrix]);
    expect(nonzeros(matrix)).toBe(77);
  });

  test("is all of the biases, or as much as of embeddings", async () => {
    const bias = (): DenseMatrix => plainMatrix({ role: "bias", rows: 50, cols: 1 });
    const [dense, sparse] = [bias(), bias()];
    await after({ block: 0.1 }, [], { biases: [dense] });
    await after({ block: 0.1, embedding: 0.2, biases: "sparse" }, [], { biases: [sparse] });
    expect([dense, sparse].map(nonzeros)).toEqual([50, 10]);
  });

  test("is the number that the fraction says, at every step", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 99 }),
        fc.constantFrom("geometric", "linear"),
        async (block, step, anneal) => {
          const matrix = plainMatrix({ rows: 9, cols: 7 });
          const { options, state } = await after({ block, anneal }, [matrix], { step });
          const density = topK.density({ step, steps: 100 }, options, state);
          expect(nonzeros(matrix)).toBe(Math.max(1, Math.round(63 * density)));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("annealing", () => {
  test.each([
    { anneal: "geometric" },
    { anneal: "linear" },
    { anneal: "power-law", annealFrom: 0.01 },
    { embeddingAnneal: "abrupt" },
  ])("over all of the run is final in its last step: %j", async (given) => {
    const block = plainMatrix({ rows: 100, cols: 50 });
    const embedding = plainMatrix({ rows: 100, cols: 50, role: "embedding" });
    await after({ block: 0.01, embedding: 0.02, annealUntil: 1, ...given }, [block, embedding]);
    expect([block, embedding].map(nonzeros)).toEqual([50, 100]);
  });

  test("starts dense, never rises, and is final after its share of the run", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        fc.constantFrom("geometric", "linear", "power-law"),
        async (block, annealFrom, annealUntil, anneal) => {
          const all = await densities({ block, annealFrom, annealUntil, anneal });
          expect(all[Math.floor(100 * annealFrom)]).toBe(1);
          for (let i = 1; i < all.length; i++) expect(all[i]).toBeLessThanOrEqual(all[i - 1]! + 1e-12);
          for (const density of all.slice(Math.ceil(100 * annealUntil))) expect(density).toBeCloseTo(block, 12);
        },
      ),
    );
  });

  test("goes by equal factors, equal amounts, or a line in log over log", async () => {
    const at30 = async (anneal: string) =>
      (await densities({ block: 0.01, anneal, annealFrom: 0.1, annealUntil: 0.9 }))[30];
    expect(await at30("geometric")).toBeCloseTo(0.01 ** 0.25, 12);
    expect(await at30("linear")).toBeCloseTo(1 - 0.99 / 4, 12);
    // From step 10 to 90 is a factor of nine; to 30, one of three.
    expect(await at30("power-law")).toBeCloseTo(0.01 ** 0.5, 12);
  });

  test("may leave embeddings dense until its end", async () => {
    const embedding = plainMatrix({ rows: 10, cols: 10, role: "embedding" });
    const given = { block: 0.1, embedding: 0.2, embeddingAnneal: "abrupt" };
    await after(given, [embedding], { step: 49 });
    expect(nonzeros(embedding)).toBe(100);
    await after(given, [embedding], { step: 50 });
    expect(nonzeros(embedding)).toBe(20);
  });
});

test.each([
  ["capped", 1, 4],
  ["normalised", 0.1, 1],
  ["plain", 1, 10],
])("a %s sharkfin takes the rate from %d to %d", async (sharkfin, first, last) => {
  const options = await optionsOf({ block: 0.01, sharkfin });
  expect(topK.rateFactor!({ step: 0, steps: 100 }, options)).toBeCloseTo(first, 12);
  expect(topK.rateFactor!({ step: 100, steps: 100 }, options)).toBeCloseTo(last, 12);
});

test.each([
  [{}, /block: nothing given/u],
  [{ block: 0 }, /block: 0 found, a number above 0 to 1 expected/u],
  [{ block: 0.1, anneal: "geometrc" }, /"geometric" or "linear" or "power-law" expected/u],
  [{ block: 0.1, fraction: 1 }, /fraction: there is no such option: did you mean "fractions"/u],
  [{ block: 0.1, fractions: { "*": 2 } }, /fractions: .*numbers above 0 to 1 expected/u],
  [{ block: 0.1, annealFrom: 0.6 }, /annealFrom: not before annealUntil, 0.5/u],
  [{ block: 0.1, anneal: "power-law" }, /annealFrom: a power law starts above 0/u],
  [{ block: 0.1, leastPerNeuron: 1.5 }, /leastPerNeuron: 1.5 found, a whole number/u],
])("refuses options %j", async (given, message) => {
  await expect(optionsOf(given)).rejects.toThrow(message);
});
