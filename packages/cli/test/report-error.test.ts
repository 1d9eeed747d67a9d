import { BudgetError, PrunerError } from "@filigree/pruners";
import { SparsifierError } from "@filigree/training";
import { expect, test } from "vitest";
import { reportError } from "../src/report-error.ts";
import { packError, unpackError } from "../src/workers/messages.ts";

test.each([
  new SparsifierError("half@1.0.0", "failed in step: ouch", new TypeError("ouch")),
  new PrunerError("half@1.0.0", "failed in step: ouch", new TypeError("ouch")),
])("%s is reported as the plugin's fault, with the stack of what it threw", (error) => {
  for (const told of [error, fromAnotherThread(error)]) {
    let said = "";
    expect(reportError(told, ["train", "x.json"], (text) => void (said += text))).toBe(70);
    expect(said).toMatch(/^error: The (sparsifier|pruner) half@1\.0\.0 failed in step: ouch\n/u);
    expect(said).toContain("a fault of that plugin");
    expect(said).toMatch(/TypeError: ouch\n\s+at .*report-error\.test\.ts/u);
    expect(said).not.toContain("fault of filigree");
  }
});

/** As the main thread has what a worker thread threw: messages between them are structured clones. */
function fromAnotherThread(error: unknown): unknown {
  return unpackError(structuredClone(packError(error)));
}

test("a budget that is too small is the input's fault", () => {
  let said = "";
  expect(reportError(new BudgetError("half@1.0.0", 300), ["prune"], (text) => void (said += text))).toBe(2);
  expect(said).toBe(
    "error: the pruner half@1.0.0 asked for more work than its budget of 300 sequences allows: give it a larger one",
  );
});
