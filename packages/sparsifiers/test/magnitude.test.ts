import { checkOptions } from "@filigree/core";
import { expect, test } from "vitest";
import { magnitude } from "../src/index.ts";
import { contextAt, nonzeros, plainMatrix } from "./support/plain-matrix.ts";

/** Nonzeros after each of 100 steps, in which every weight, gone or not, is moved. */
async function prune(given: object): Promise<{ counts: number[]; densities: number[]; gone: number[][] }> {
  const options = await checkOptions(magnitude.options, given, "magnitude");
  const matrix = plainMatrix({ rows: 20, cols: 10 });
  const state = magnitude.init(contextAt(0, 100, [matrix]), options);
  const [counts, densities, gone]: [number[], number[], number[][]] = [[], [], []];
  for (let step = 0; step < 100; step++) {
    matrix.setValues(matrix.values().map((value, i) => value + 0.3 * Math.sin(i + 7 * step)));
    const ctx = contextAt(step, 100, [matrix]);
    magnitude.step(ctx, options, state);
    counts.push(nonzeros(matrix));
    densities.push(magnitude.density(ctx, options, state));
    gone.push([...matrix.values().keys()].filter((i) => matrix.values()[i] === 0));
  }
  return { counts, densities, gone };
}

test("prunes along the cubic schedule of Zhu & Gupta, every so many steps, to the final fraction", async () => {
  const { counts, densities } = await prune({ block: 0.1, pruneFrom: 0.2, pruneUntil: 0.6, every: 5 });
  expect(counts.slice(0, 20)).toEqual(Array(20).fill(200));
  const share = (step: number) => 0.1 + 0.9 * (1 - (step - 20) / 40) ** 3;
  for (let step = 20; step < 60; step++) {
    expect(counts[step]).toBe(Math.round(200 * share(step - (step % 5))));
    expect(densities[step]).toBeCloseTo(share(step - (step % 5)), 12);
  }
  expect(counts.slice(60)).toEqual(Array(40).fill(20));
});

test("what is pruned stays so, however it is moved", async () => {
  const { gone } = await prune({ block: 0.1 });
  for (let step = 1; step < gone.length; step++) expect(gone[step]).toEqual(expect.arrayContaining(gone[step - 1]!));
});

test("prunes embeddings to a fraction of their own", async () => {
  const options = await checkOptions(magnitude.options, { block: 0.1, embedding: 0.5, pruneUntil: 0.5 }, "magnitude");
  const embedding = plainMatrix({ rows: 20, cols: 10, role: "embedding" });
  const state = magnitude.init(contextAt(0, 100, [embedding]), options);
  magnitude.step(contextAt(50, 100, [embedding]), options, state);
  expect(nonzeros(embedding)).toBe(100);
});
