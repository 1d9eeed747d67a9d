import type { ClaimVerdict, VerdictDocument } from "@filigree/scrubbing";
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
  why: "every bound holds",
  figures: {
    agreement: interval(1, 0.99, 1),
    r: interval(0.001, 0, 0.012),
    transfer: interval(0.97, 0.954, 0.991),
    V: interval(0.93, 0.9, 0.96),
  },
  controls: [],
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
  why: "V is 0.93, above 0.05: the answer changes with quote type",
  figures: { V: interval(0.93, 0.9, 0.96) },
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
};

const NAME = "python-small";
const FILE = "quotes/close-quote.circuit";

function documentOf(
  claims: readonly ClaimVerdict[],
  title = "A string closes with the quote that opened it",
): VerdictDocument {
  const hash = "3f9a2c1b04d1".padEnd(64, "0");
  return {
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
}

describe("a verdict", () => {
  test("is a header, a row a claim with its figures, and a count", () => {
    expect(renderVerdict(documentOf([copies, ignores]), NAME, { paint: plain, columns: 100 })).toBe(
      `A string closes with the quote that opened it
quotes/close-quote.circuit · model python-small (3f9a2c1b04d1, accuracy 100.0 %, loss 0.061)
task single_double_quote · 512 examples · seed 0

  ✓ supported     attn L0 head 2 copies quote type from opener to last via v
                  transfer 0.97 [0.95, 0.99]   r 0.00 [0.00, 0.01]
  ✓ refuted       attn L0 head 2 at last ignores quote type expect refuted
                  V 0.93 [0.90, 0.96]
                  V is 0.93, above 0.05: the answer changes with quote type

2 of 2 claims as expected`,
    );
  });

  test("says of a verdict that was not expected what was, where, and why", () => {
    expect(renderVerdict(documentOf([attends], FILE), NAME, { paint: plain, columns: 100 })).toBe(
      `quotes/close-quote.circuit · model python-small (3f9a2c1b04d1, accuracy 100.0 %, loss 0.061)
task single_double_quote · 512 examples · seed 0

  ✗ inconclusive  attn L1 head 0 attends from last to opener
                  mass 0.50 [0.48, 0.52]
                  expected supported, at quotes/close-quote.circuit:7
                  mass straddles 0.5: about 2,100 examples would settle it

0 of 1 claim as expected`,
    );
  });

  test("wraps long texts at the width of the terminal and cuts nothing", () => {
    const long = { ...copies, text: Array.from({ length: 30 }, (_, i) => `neuron${i}`).join(" ") };
    const text = renderVerdict(documentOf([long, attends]), NAME, { paint: plain, columns: 60 });
    const lines = text.split("\n");
    expect(lines.filter((line) => widthOf(line) > 60)).toEqual([]);
    for (const word of long.text.split(" ")) expect(text).toContain(word);
  });

  test("colours say at a glance what is as expected", () => {
    const paint = paintFor(capture({ isTerminal: true }), {});
    const text = renderVerdict(documentOf([copies, attends]), NAME, { paint, columns: 100 });
    expect(text).toContain("\u001B[32m✓\u001B[39m \u001B[32msupported");
    expect(text).toContain("\u001B[31m✗\u001B[39m \u001B[33minconclusive");
  });
});
