import type { Sparsifier } from "@filigree/sparsifiers";
import { describe, expect, test } from "vitest";
import { sparsifierCases, type SparsifierExpectations } from "./sparsifier-cases.ts";

/** Each case trains a few tiny models: seconds, and more on a busy machine. */
const TIMEOUT = 120_000;

/** Registers what every sparsifier should pass as vitest cases, under its name. */
export function testSparsifier(sparsifier: Sparsifier, expectations: SparsifierExpectations = {}): void {
  describe(`the sparsifier ${sparsifier.name}`, () => {
    for (const { name, run } of sparsifierCases(sparsifier, expectations)) {
      test(name, () => expect(run()).resolves.toBeUndefined(), TIMEOUT);
    }
  });
}
