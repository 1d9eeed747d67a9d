import { disposeModel } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { ClaimTester, junitReport, verdictPage, type ClaimDetails } from "../../src/index.ts";
import { reasonOf } from "../../src/report.ts";
import { hypothesisOf } from "../support/check-text.ts";
import { copierTask, plantedCopier } from "../support/planted-copier.ts";

const SOURCE = `donors 2
examples 40
attn L1 head 2 copies quote type from opener to last via v
embed at opener ignores quote type
{ attn L1 + mlp L0 } is sufficient
`;

async function run() {
  const model = await plantedCopier();
  const tester = new ClaimTester(hypothesisOf(SOURCE, model, copierTask()), model, copierTask(), { nulls: false });
  const details: ClaimDetails[] = [];
  const verdicts = await tester.testAll({ onDetails: (one) => details.push(one) });
  const verdict = tester.document(verdicts, { file: "a.circuit", fileHash: "", backend: "wasm" });
  disposeModel(model);
  return { verdict, details, source: SOURCE };
}

describe("the details of real checks", () => {
  test("are what the swaps were, equal for equal runs, and plain data", async () => {
    const first = await run();
    const { verdict, details } = first;
    expect(JSON.stringify(await run())).toBe(JSON.stringify(first));
    expect(structuredClone(details)).toEqual(details);
    expect(details.map(({ claim, kind }) => [claim, kind])).toEqual([
      ["claim 1", "copies"],
      ["claim 2", "ignores"],
      ["claim 3", "sufficient"],
    ]);
    const [copies, ignores, sufficient] = details;

    // Along the path only the opener's value goes over, and only the last row sees it.
    const moved = copies!.rules.find(({ rule }) => rule === "v NE(quote type)")!;
    expect(moved.changed).toBe(moved.swaps);
    const { reference, donor, rows, before, after } = moved.most[0]!;
    expect(reference.swapped).toHaveLength(1);
    expect(["#0", "#1"]).toContain(reference.tokens[reference.swapped[0]!]);
    expect(donor.tokens[donor.swapped[0]!]).not.toBe(reference.tokens[reference.swapped[0]!]);
    expect(rows).toEqual([reference.tokens.length - 1]);
    expect(before.text).toBe(reference.tokens[reference.swapped[0]!]);
    expect(after.text).toBe(donor.tokens[donor.swapped[0]!]);
    expect(copies!.sites.map(({ sites }) => sites)).toEqual([
      ["1.attn.v, heads 2 at opener"],
      ["1.attn.y, heads 2 at last"],
    ]);

    // Every swap of every rule is in its histogram.
    for (const { rules } of details) {
      for (const { swaps, histogram } of rules) expect(histogram.reduce((a, b) => a + b)).toBe(swaps);
    }
    const sham = copies!.rules.find(({ rule }) => rule === "SELF")!;
    expect(sham.changed).toBe(0);
    expect(sham.histogram[0]).toBe(sham.swaps);

    // The worst swaps are those of the verdict.
    expect(ignores!.worst.map((swap) => swap.divergence)).toEqual(
      verdict.claims[1]!.worst.map((swap) => swap.divergence),
    );
    expect(ignores!.worst.map((swap) => swap.reference.example)).toEqual(
      verdict.claims[1]!.worst.map(({ example }) => example),
    );
    const reason = reasonOf(verdict.claims[1]!, ignores!)!;
    expect(reason.sentence).toMatch(
      /^swapping embed at opener between prompts that differ in quote type changed 100 % of \d+ answers$/u,
    );

    // A whole circuit is swapped at all tokens.
    const outside = sufficient!.rules.find(({ rule }) => rule === "outside ← ANY")!;
    expect(outside.most[0]!.reference.swapped).toHaveLength(outside.most[0]!.reference.tokens.length);
    expect(verdictPage([first])).toContain("a.circuit");
    expect(junitReport([first])).toContain("claim 3");
  });
});
