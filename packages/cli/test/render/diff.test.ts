import type { FileDiff, VerdictDiff } from "@filigree/scrubbing";
import { describe, expect, test } from "vitest";
import { renderDiff } from "../../src/render/diff.ts";
import { paintFor } from "../../src/render/paint.ts";
import { widthOf } from "../../src/render/text.ts";
import { capture } from "../capture.ts";

const plain = paintFor(capture(), {});
const same: FileDiff = {
  before: "a.circuit",
  after: "a.circuit",
  verdicts: [],
  added: [],
  removed: [],
  figures: [],
  run: [],
  unchanged: 3,
};
const document = (...files: Partial<FileDiff>[]): VerdictDiff => ({
  format: "filigree.diff/1",
  changed: false,
  files: files.map((file) => ({ ...same, ...file })),
});
const interval = (estimate: number, low: number, high: number) => ({ estimate, low, high });

const claim = { name: "claim 1", text: "attn L0 copies quote type from opener to last via v" };
const all: Partial<FileDiff> = {
  after: "b.circuit",
  verdicts: [{ ...claim, before: "supported", after: "inconclusive" }],
  added: [{ name: "claim 2", text: "mlp L0 ignores quote type", rival: "another story", verdict: "refuted" }],
  removed: [{ name: "claim 2", text: "mlp L1 ignores quote type", verdict: "vacuous" }],
  figures: [
    { claim: "claim 1", text: claim.text, figure: "r", before: interval(0.1, 0, 0.15), after: interval(0.3, 0.2, 0.4) },
    { claim: "claim 1", text: claim.text, figure: "rest", after: { estimate: null, low: null, high: null } },
  ],
  run: [
    { name: "hash of model", before: "a".repeat(64), after: "b".repeat(64) },
    { name: "seed", before: "0", after: "7" },
  ],
};

describe("what changed, for a person", () => {
  test("nothing", () => {
    expect(renderDiff(document({}), { paint: plain, columns: 80 })).toBe("a.circuit\nno verdict changed, 3 the same");
  });

  test("everything that can", () => {
    expect(renderDiff(document(all, {}), { paint: plain, columns: 80 })).toBe(
      `a.circuit → b.circuit

other verdicts
  supported → inconclusive  attn L0 copies quote type from opener to last via v

added
  + refuted                 mlp L0 ignores quote type (rival “another story”)

removed
  − vacuous                 mlp L1 ignores quote type

figures whose intervals do not meet
  attn L0 copies quote type from opener to last via v
    r 0.10 [0.00, 0.15] → 0.30 [0.20, 0.40]
    rest not measured → – [–, –]

other conditions
  hash of model: aaaaaaaaaaaa → bbbbbbbbbbbb
  seed: 0 → 7

1 verdict changed, 3 the same, 1 added, 1 removed

a.circuit
no verdict changed, 3 the same`,
    );
  });

  test("keeps to the width of the terminal", () => {
    const lines = renderDiff(document(all), { paint: plain, columns: 60 }).split("\n");
    expect(lines.filter((line) => widthOf(line) > 60)).toEqual([]);
  });
});
