import type { Pruner } from "@filigree/pruners";
import { describe, expect, test } from "vitest";
import { prunerCases, type PrunerExpectations } from "./pruner-cases.ts";

/** Each case prunes a few tiny models: seconds, and more on a busy machine. */
const TIMEOUT = 120_000;

/** Registers what every pruner should pass as vitest cases, under its name. */
export function testPruner(pruner: Pruner, expectations: PrunerExpectations = {}): void {
  describe(`the pruner ${pruner.name}`, () => {
    for (const { name, run } of prunerCases(pruner, expectations)) {
      test(name, () => expect(run()).resolves.toBeUndefined(), TIMEOUT);
    }
  });
}
