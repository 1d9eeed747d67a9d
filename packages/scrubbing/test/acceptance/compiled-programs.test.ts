import { expect, test } from "vitest";
import { PROGRAMS } from "../support/compiled-claims.ts";
import { judgeMutants } from "../support/judge-mutants.ts";
import { loadProgram } from "../support/programs.ts";

test.each(PROGRAMS)(
  "$name: what is true is supported, what is false never",
  async ({ name, task, truths, choices }) => {
    const model = await loadProgram(name);
    const { originals, mutants } = await judgeMutants(name, { model, task: task() }, truths, choices);
    expect(originals.filter(({ verdict, holds }) => verdict !== "supported" || !holds)).toEqual([]);
    expect(Math.max(...originals.map(({ r }) => r))).toBeLessThan(1e-6);

    expect(mutants.filter(({ verdict, holds }) => verdict === "supported" && !holds)).toEqual([]);
    expect(mutants.filter(({ verdict, holds }) => verdict === "refuted" && holds)).toEqual([]);
    // Most mutants are false, so that the first of these two means something.
    expect(mutants.filter(({ holds }) => !holds).length).toBeGreaterThan(mutants.length / 2);
  },
  600_000,
);
