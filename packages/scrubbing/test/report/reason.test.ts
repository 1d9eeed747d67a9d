import { describe, expect, test } from "vitest";
import type { Bound, ClaimVerdict } from "../../src/index.ts";
import { exampleLines, reasonOf } from "../../src/report.ts";
import { claimDetails, claimVerdict, refuted, shownSwap } from "./checked-text.ts";

const rule = (name: string, swaps: number, changed: number) => ({
  rule: name,
  swaps,
  identical: 0,
  changed,
  histogram: [swaps],
  most: [shownSwap()],
  least: [shownSwap({ divergence: 0, after: { text: "')", probability: 0.98 } })],
});
const bound = (figure: string, relation: Bound["relation"], side: Bound["side"], of: string): Bound => ({
  figure,
  relation,
  threshold: 0.2,
  side,
  rule: of,
});
const sentence = (text: string, bounds: readonly Bound[], ...rules: ReturnType<typeof rule>[]) =>
  reasonOf(claimVerdict({ text, bounds } as Partial<ClaimVerdict>), claimDetails({ rules }))?.sentence;

describe("the reason in words", () => {
  test("what the swaps of the first bound that fails did, and the one that changed most where nothing should", () => {
    const [claim, details] = refuted;
    const reason = reasonOf(claimVerdict(claim), claimDetails(details))!;
    expect(reason.sentence).toBe(
      "swapping embed at opener between prompts with the same string body changed 38 % of 2,048 answers",
    );
    expect(reason.extreme).toBe("most");
    expect(exampleLines(reason, 80)).toEqual(["worst on f«('»a", `  donor  f«("»b`, `  answer ') 98 % → ") 71 %`]);
  });

  test("where much should change, the swap that changed least", () => {
    const of = "v NE(quote type)";
    const claim = claimVerdict({ text: "attn L0 copies quote type", bounds: [bound("transfer", ">=", "fails", of)] });
    const reason = reasonOf(claim, claimDetails({ rules: [rule(of, 512, 0)] }))!;
    expect(reason.sentence).toBe(
      "swapping v of attn L0 between prompts that differ in quote type changed none of 512 answers",
    );
    expect(exampleLines(reason, 80)[2]).toBe("  answer ') 98 % → ') 98 %");
  });

  test("names what is swapped as the author does, whatever the rule", () => {
    const fails = (of: string) => [bound("U", "<=", "fails", of)];
    const said = (text: string, of: string) => sentence(text, fails(of), rule(of, 10, 10));
    expect(said("circuit is sufficient", "outside ← ANY")).toMatch(
      /^swapping all nodes outside the circuit between prompts at random/u,
    );
    expect(said("kept is necessary", "circuit ← ANY")).toMatch(/^swapping the nodes of the circuit /u);
    expect(said("kept is sufficient", "outside and 5 edges inside ← ANY")).toMatch(
      /^swapping all nodes outside the circuit and 5 edges inside it between prompts at random/u,
    );
    expect(said("kept is necessary", "1 edge of the circuit ← ANY")).toMatch(
      /^swapping 1 edge of the circuit between prompts at random/u,
    );
    expect(said(`nodes from "what it carries.json" is sufficient`, "ANY")).toMatch(
      /^swapping nodes from "what it carries\.json" between/u,
    );
    expect(said("mlp L0 does not affect logits", "ANY")).toMatch(/^swapping mlp L0 between/u);
    expect(said("mlp L0 does not affect logits except through attn L1 + mlp L1 when n > 3", "ANY")).toMatch(
      /^swapping mlp L0 between prompts at random, attn L1 \+ mlp L1 held as it was, changed/u,
    );
    expect(said("mlp L0 equals n", "fit")).toMatch(/^putting the fitted values in the place of mlp L0 changed/u);
    expect(said("mlp L0 computes f from embed", "computed EQ(f)")).toMatch(
      /^working mlp L0 out from its inputs alone, swapped between prompts with the same f, changed/u,
    );
    expect(said("circuit is sufficient", "whole interpretation")).toMatch(/^swapping whatever the claims leave open /u);
    expect(said("mlp L0 ignores x", "something new")).toBe(
      `swapping as in "something new" changed 100 % of 10 answers`,
    );
  });

  test("a bound that is open comes after one that fails; none where every bound is kept or none comes from swaps", () => {
    const rules = [rule("ANY", 4, 1), rule("EQ(f)", 1000, 1)];
    const open = bound("V", ">=", "straddles", "ANY");
    expect(sentence("embed carries f", [open, bound("r", "<=", "fails", "EQ(f)")], ...rules)).toContain(
      "< 1 % of 1,000",
    );
    expect(sentence("embed carries f", [open], ...rules)).toContain("only 25 % of 4");
    expect(sentence("embed carries f", [bound("V", ">=", "passes", "ANY")], ...rules)).toBeUndefined();
    expect(sentence("embed carries f", [bound("mass", ">=", "fails", "nothing")], ...rules)).toBeUndefined();
  });

  test("what was seen stands beside the swaps, or alone, where no swap is an example", () => {
    const fails = { ...bound("transfer", ">=", "fails", "NE(f)"), seen: "the answers move 3 % of the way" };
    expect(sentence("embed carries f", [fails], rule("NE(f)", 10, 1))).toBe(
      "swapping embed between prompts that differ in f changed only 10 % of 10 answers; the answers move 3 % of the way",
    );
    const alone: Bound = { figure: "mass", relation: ">=", threshold: 0.5, side: "fails", seen: "it gets 3 %" };
    const reason = reasonOf(claimVerdict({ bounds: [alone] }), claimDetails({}))!;
    expect(reason.sentence).toBe("it gets 3 %");
    expect(exampleLines(reason, 80)).toEqual([]);
  });

  test("a difference is shown with what it is a difference from; answers that stay may be less sure", () => {
    const change = bound("change", ">=", "fails", "NE(f)");
    expect(sentence("embed contains f", [change], rule("NE(f)", 10, 6), rule("EQ(f)", 10, 0))).toBe(
      "swapping embed between prompts that differ in f changed 60 % of 10 answers, between prompts with the same none",
    );
    expect(sentence("embed carries f", [bound("r", "<=", "fails", "EQ(f)")], rule("EQ(f)", 10, 0))).toMatch(
      /changed none of 10 answers, only how sure they are$/u,
    );
  });
});

describe("the example", () => {
  const long = (swapped: readonly number[]) => ({
    example: 0,
    tokens: Array.from({ length: 60 }, (_, i) => ` word${i}`),
    swapped,
    answerAt: 59,
  });

  test("keeps to its width, and shows the swapped token wherever it is", () => {
    for (const at of [0, 1, 30, 58, 59]) {
      for (const width of [40, 60, 100]) {
        const lines = exampleLines(
          { sentence: "", extreme: "most", example: shownSwap({ reference: long([at]), donor: long([at]) }) },
          width,
        );
        expect(lines[0]).toContain(`« word${at}»`);
        for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width);
      }
    }
  });

  test("shows line breaks and controls, and no marks where all tokens are swapped", () => {
    const all = { example: 0, tokens: ["a\n", "\u001b[31m", "b"], swapped: [0, 1, 2], answerAt: 2 };
    const reason = { sentence: "", extreme: "most" as const, example: shownSwap({ reference: all }) };
    expect(exampleLines(reason, 80)[0]).toBe("worst on a↵\ufffd[31mb");
  });
});
