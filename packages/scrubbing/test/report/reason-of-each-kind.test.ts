import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import { ClaimTester, type ClaimDetails } from "../../src/index.ts";
import { reasonOf } from "../../src/report.ts";
import { hypothesisOf } from "../support/check-text.ts";
import { copierTask, plantedCopier } from "../support/planted-copier.ts";

/** Refuted claims of every kind, with what is said of them. `circuit` unites the claims of its list. */
const REFUTED: readonly (readonly (readonly [claim: string, reason: RegExp])[])[] = [
  [
    ["embed at opener carries last filler", /^swapping .* with the same last filler changed \d+ % of 40 answers$/u],
    [
      "embed at opener contains last filler",
      /^swapping .* differ in last filler changed none of 40 answers, between prompts with the same \d+ %$/u,
    ],
    ["embed at opener ignores quote type", /^swapping embed at opener .* changed 100 % of 40 answers$/u],
    [
      "attn L1 head 2.v at opener computes last filler from embed at opener by last filler",
      /^working attn L1 head 2\.v at opener out from its inputs alone, swapped .* changed \d+ % of 40 answers$/u,
    ],
    [
      "embed at opener equals if last filler == 3 then 1 else 0",
      /^putting the fitted values in the place of embed at opener changed \d+ % of \d+ answers$/u,
    ],
    [
      "attn L1 head 2 copies quote type from after to last via v",
      /^swapping v of .* changed none of 40 answers; the answers move 0 % of the way to the predicted ones$/u,
    ],
    [
      "attn L1 head 2 attends from last to after expect mass >= 0.5",
      /^that position gets < 1 % of the head's attention, on average over 40 prompts$/u,
    ],
    [
      "attn L1 head 0 affects logits",
      /^swapping attn L1 head 0 between prompts at random changed none of 40 answers$/u,
    ],
    [
      "mlp L0 at opener affects attn L1 head 2.v at opener",
      /^with the swap, 1\.attn\.v\[8,9,10,11\] at opener changes by \S+ ?\d* % of what it differs by/u,
    ],
    ["embed at opener does not affect logits", /^swapping embed at opener between prompts at random changed \d+ %/u],
    [
      "embed at opener does not affect attn L1 head 2.v at opener",
      /^with the swap, 1\.attn\.v\[8,9,10,11\] at opener changes by \d+ % of what it differs by/u,
    ],
    [
      "embed at opener does not affect logits except through mlp L0 at opener",
      /^swapping .* between prompts at random, mlp L0 at opener held as it was, changed \d+ % of 40 answers$/u,
    ],
    ["mlp L0 is sufficient", /^swapping all nodes outside the circuit between prompts at random changed \d+ %/u],
    [
      "mlp L0 is necessary",
      /^swapping the nodes of the circuit between prompts at random changed none of 40 answers$/u,
    ],
    [
      "mlp L0 is complete",
      /^(?:without .*|even whole,) model and circuit leave unexplained shares that differ by \d+ %/u,
    ],
    [
      "mlp L0 neurons 0-3 is minimal",
      /^without it 100 % of what a whole other prompt changes goes unexplained, with it 100 %/u,
    ],
  ],
  [
    ["attn L1 head 2.v at opener carries last filler", /^swapping attn L1 head 2\.v at opener/u],
    ["circuit is sufficient", /^swapping whatever the claims leave open changed \d+ % of \d+ answers$/u],
    ["circuit is complete", /^(?:without .*|even whole,) model and circuit leave unexplained shares/u],
  ],
];

test("every kind of claim, refuted, has a reason in words", async () => {
  const [model, task] = [await plantedCopier(), copierTask()];
  const kinds = new Set<string>();
  for (const claims of REFUTED) {
    const source = ["donors 1", "examples 40", ...claims.map(([claim]) => claim)].join("\n");
    const tester = new ClaimTester(hypothesisOf(source, model, task), model, task, { nulls: false });
    const details: ClaimDetails[] = [];
    const verdicts = await tester.testAll({ onDetails: (one) => details.push(one) });
    tester.dispose();
    verdicts.forEach((claim, i) => {
      expect(`${claim.verdict}: ${claim.text}`).toBe(`refuted: ${claim.text}`);
      expect(claim.proven, claim.text).toBe(false);
      expect(reasonOf(claim, details[i]!)?.sentence, claim.text).toMatch(claims[i]![1]);
      kinds.add(details[i]!.kind);
    });
  }
  disposeModel(model);
  expect(kinds.size).toBe(13);
});
