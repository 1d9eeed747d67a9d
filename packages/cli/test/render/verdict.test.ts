import type { ClaimDetails, ClaimVerdict, ShownSwap, VerdictDocument } from "@filigree/scrubbing";
import { describe, expect, test } from "vitest";
import { paintFor } from "../../src/render/paint.ts";
import { widthOf } from "../../src/render/text.ts";
import { renderVerdict } from "../../src/render/verdict.ts";
import { capture } from "../capture.ts";

const plain = paintFor(capture(), {});
const interval = (estimate: number, low: number, high: number) => ({ estimate, low, high, n: 512 });

const copies: ClaimVerdict = {
  name: "claim 1",
  text: "attn L0 head 2 copies quote type from opener to last via v",
  line: 5,
  verdict: "supported",
  expected: "supported",
  met: true,
  proven: false,
  why: "every bound holds",
  figures: {
    agreement: interval(1, 0.99, 1),
    r: interval(0.001, 0, 0.012),
    transfer: interval(0.97, 0.954, 0.991),
    V: interval(0.93, 0.9, 0.96),
    "worst r": interval(0.1, 0.05, 0.3),
  },
  bounds: [
    { figure: "transfer", relation: ">=", threshold: 0.4, side: "passes" },
    { figure: "r", relation: "<=", threshold: 0.2, side: "passes" },
    { figure: "worst r", relation: "<=", threshold: 0.2, side: "passes", byEstimate: true },
  ],
  controls: [
    { name: "shuffled labels", figures: { r: interval(0.99, 0.9, 1.1) } },
    { name: "untrained weights", figures: {}, verdict: "refuted" },
    { name: "greedy subset: where length is 7", figures: { r: interval(0.1, 0.05, 0.15) } },
    { name: "head 0", figures: { transfer: interval(0.001, 0, 0.002) } },
    { name: "head 1", figures: { transfer: interval(-0.002, -0.004, 0.002) } },
  ],
  worst: [],
  notes: [],
  forwardPasses: 4_096,
};

const ignores: ClaimVerdict = {
  ...copies,
  name: "claim 2",
  text: "attn L0 head 2 at last ignores quote type",
  line: 6,
  verdict: "refuted",
  expected: "refuted",
  why: "donors that differ in quote type alone change the answer (V 0.93 [0.9, 0.96], wanted ≤ 0.05)",
  figures: { V: interval(0.93, 0.9, 0.96) },
  bounds: [{ figure: "V", relation: "<=", threshold: 0.05, side: "fails", rule: "NE(quote type)" }],
  controls: [],
};

const attends: ClaimVerdict = {
  ...copies,
  name: "claim 3",
  text: "attn L1 head 0 attends from last to opener",
  line: 7,
  verdict: "inconclusive",
  met: false,
  why: "mass straddles 0.5: about 2,100 examples would settle it",
  figures: { mass: interval(0.5, 0.48, 0.52) },
  bounds: [{ figure: "mass", relation: ">=", threshold: 0.5, side: "straddles" }],
  controls: [],
};

const NAME = "python-small";
const FILE = "quotes/close-quote.circuit";

const swap: ShownSwap = {
  reference: { example: 4, tokens: ["\n", "f", "('", "a"], swapped: [2], answerAt: 3 },
  donor: { example: 9, tokens: ["g", '("', "b"], swapped: [1], answerAt: 2 },
  rows: [],
  before: { text: "')", probability: 0.98 },
  after: { text: '")', probability: 0.71 },
  divergence: 0.5,
};

/** A check of these claims; every one of them has swaps of one rule. */
function checked(claims: readonly ClaimVerdict[], title = "A string closes with the quote that opened it") {
  const hash = "3f9a2c1b04d1".padEnd(64, "0");
  const verdict: VerdictDocument = {
    format: "filigree.verdict/1",
    title,
    file: FILE,
    task: "single_double_quote",
    hashes: { file: hash, model: hash, data: hash, engine: hash },
    backend: "wasm",
    seed: 0,
    settings: { examples: 512, donors: 4, alpha: 0.05, seed: 0, split: "test" },
    model: { accuracy: 1, accuracyLow: 0.99, loss: 0.0612, examples: 512 },
    claims,
    met: claims.every(({ met }) => met),
  };
  const rule = { rule: "NE(quote type)", swaps: 2048, identical: 0, changed: 778, histogram: [2048] };
  const details = claims.map(({ name }): ClaimDetails => ({
    claim: name,
    kind: "ignores",
    column: 1,
    sites: [],
    rules: [{ ...rule, most: [swap], least: [swap] }],
    worst: [],
  }));
  return { verdict, details };
}

describe("a verdict", () => {
  test("is a header, a block a claim with what decides, its controls and why it fails, and a count", () => {
    expect(renderVerdict(checked([copies, ignores]), NAME, { paint: plain, columns: 90 })).toBe(
      `A string closes with the quote that opened it
quotes/close-quote.circuit
model python-small (3f9a2c1b04d1, accuracy 100.0 %, loss 0.061) · task single_double_quote
512 examples · seed 0

  ✓ supported     attn L0 head 2 copies quote type from opener to last via v
                  transfer 0.97 [0.95, 0.99] ≥ 0.4   r 0.00 [0.00, 0.01] ≤ 0.2
                  worst r 0.10 [0.05, 0.30] estimate ≤ 0.2
                  shuffled labels: r 0.99 [0.90, 1.10] · untrained weights: refuted
                  greedy subset: r 0.10 [0.05, 0.15] · 2 controls at 0
  ✓ refuted       attn L0 head 2 at last ignores quote type expect refuted
                  V 0.93 [0.90, 0.96] not ≤ 0.05
                  donors that differ in quote type alone change the answer (V 0.93 [0.9,
                  0.96], wanted ≤ 0.05)
                  swapping attn L0 head 2 at last between prompts that differ in quote
                  type changed 38 % of 2,048 answers
                  worst on ↵f«('»a
                    donor  g«("»b
                    answer ') 98 % → ") 71 %

2 of 2 claims as expected`,
    );
  });

  test("says what the weights prove: no figure does", () => {
    const proven = {
      ...copies,
      proven: true,
      why: "proven: no path leads there",
      figures: {},
      bounds: [],
      controls: [],
    };
    expect(renderVerdict(checked([proven]), NAME, { paint: plain, columns: 90 })).toContain(
      "via v\n                  proven: no path leads there\n\n1 of 1",
    );
  });

  test("says of a verdict that was not expected what was, where, and why", () => {
    expect(renderVerdict(checked([attends], FILE), NAME, { paint: plain, columns: 100 })).toBe(
      `quotes/close-quote.circuit · model python-small (3f9a2c1b04d1, accuracy 100.0 %, loss 0.061)
task single_double_quote · 512 examples · seed 0

  ✗ inconclusive  attn L1 head 0 attends from last to opener
                  mass 0.50 [0.48, 0.52] ≥ 0.5?
                  expected supported, at quotes/close-quote.circuit:7
                  mass straddles 0.5: about 2,100 examples would settle it

0 of 1 claim as expected`,
    );
  });

  test("keeps to the width of the terminal, cuts nothing of the claim, and parts no number from its percent sign", () => {
    const long = { ...copies, text: Array.from({ length: 30 }, (_, i) => `neuron${i}`).join(" ") };
    for (const columns of [40, 60, 73, 80, 100]) {
      const text = renderVerdict(checked([long, attends, ignores]), NAME, { paint: plain, columns });
      const lines = text.split("\n");
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
      expect(lines.filter((line) => /^\s*%/u.test(line))).toEqual([]);
      for (const word of long.text.split(" ")) expect(text).toContain(word);
    }
  });

  test("colours say at a glance what is as expected and which figure fails", () => {
    const paint = paintFor(capture({ isTerminal: true }), {});
    const text = renderVerdict(checked([copies, attends]), NAME, { paint, columns: 100 });
    expect(text).toContain("\u001B[32m✓\u001B[39m \u001B[32msupported");
    expect(text).toContain("\u001B[31m✗\u001B[39m \u001B[33minconclusive");
    expect(text).toContain("\u001B[33mmass 0.50 [0.48, 0.52] ≥ 0.5?\u001B[39m");
  });
});
