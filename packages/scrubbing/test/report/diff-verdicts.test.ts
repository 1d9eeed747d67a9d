import { InputError } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { diffVerdicts, type ClaimVerdict, type VerdictDocument } from "../../src/index.ts";
import { checkedText } from "./checked-text.ts";

function documentOf(...claims: readonly Partial<ClaimVerdict>[]): VerdictDocument {
  return checkedText(
    "",
    claims.map((claim) => [claim, {}]),
  ).verdict;
}

const diff = (before: unknown, after: unknown) =>
  diffVerdicts({ text: JSON.stringify(before), where: "a.json" }, { text: JSON.stringify(after), where: "b.json" });
const interval = (low: number, high: number) => ({ estimate: (low + high) / 2, low, high, n: 512 });

describe("what changed", () => {
  test("nothing between a document and itself", () => {
    const same = documentOf(
      {},
      { text: "mlp L0 ignores x", figures: { V: { ...interval(0, 1), estimate: NaN, low: NaN } } },
    );
    const found = diff(same, same);
    expect(found).toMatchObject({ format: "filigree.diff/1", changed: false });
    expect(found.files).toEqual([
      {
        before: "quotes.circuit",
        after: "quotes.circuit",
        verdicts: [],
        added: [],
        removed: [],
        figures: [],
        run: [],
        unchanged: 2,
      },
    ]);
  });

  test("claims are followed by what they say, or by the name of their author, never by their number", () => {
    const before = documentOf(
      { text: "one" },
      { text: "two", name: "the second" },
      { text: "three" },
      { text: "one", rival: "other" },
    );
    const after = documentOf(
      { text: "new" },
      { text: "one", verdict: "refuted" },
      { text: "two, in other words", name: "the second", verdict: "vacuous" },
      { text: "one", rival: "other" },
    );
    const found = diff(before, after);
    expect(found.changed).toBe(true);
    const [file] = found.files;
    expect(file!.verdicts).toEqual([
      { name: "claim 2", text: "one", before: "supported", after: "refuted" },
      { name: "the second", text: "two, in other words", before: "supported", after: "vacuous" },
    ]);
    expect(file!.added).toEqual([{ name: "claim 1", text: "new", verdict: "supported" }]);
    expect(file!.removed).toEqual([{ name: "claim 3", text: "three", verdict: "supported" }]);
    expect(file!.unchanged).toBe(1);
  });

  test("figures whose intervals do not meet, or that only one has; conditions of the run", () => {
    const before = documentOf({
      figures: {
        r: interval(0, 0.1),
        freedom: interval(0.89, 0.89),
        V: interval(0, 1),
        transfer: interval(0.5, 0.6),
        x: interval(0, 1),
      },
    });
    const after = documentOf({
      figures: {
        r: interval(0.2, 0.3),
        freedom: interval(0.893, 0.893),
        V: interval(0.9, 2),
        transfer: interval(0.6, 0.7),
        y: interval(0, 1),
      },
    });
    const found = diff(before, {
      ...after,
      hashes: { ...after.hashes, model: "b".repeat(64) },
      settings: { ...after.settings, seed: 7 },
    });
    expect(found.changed).toBe(false);
    expect(found.files[0]!.figures.map(({ figure, before: a, after: b }) => [figure, a?.high, b?.low])).toEqual([
      ["r", 0.1, 0.2],
      ["y", undefined, 0],
      ["x", 1, undefined],
    ]);
    expect(found.files[0]!.run).toEqual([
      { name: "hash of model", before: "a".repeat(64), after: "b".repeat(64) },
      { name: "seed", before: "0", after: "7" },
    ]);
  });

  test("several files are told apart by their names", () => {
    const named = (file: string) => ({ ...documentOf({}), file });
    const found = diff([named("a"), named("b")], [named("b"), named("c")]);
    expect(found.files.map(({ before, after }) => [before, after])).toEqual([
      ["b", "b"],
      [undefined, "c"],
      ["a", undefined],
    ]);
    expect(found.files[1]!.added).toHaveLength(1);
    expect(found.files[2]!.removed).toHaveLength(1);
  });
});

describe("what is no verdict document", () => {
  const good = documentOf({ figures: { r: interval(0, 1) } });
  const claim = good.claims[0]!;

  test.each([
    ["{", "a.json: not JSON"],
    ["[]", "a.json: an empty array"],
    ["7", "an object"],
    [`{"format":"filigree.nodes/1"}`, "this is not a verdict document"],
    [`{"format":"filigree.verdict/9"}`, "a newer filigree wrote it"],
    [JSON.stringify({ ...good, hashes: {} }), `a.json: hashes: the key "file" is missing`],
    [JSON.stringify({ ...good, claims: {} }), "a.json: claims: an object found"],
    [JSON.stringify({ ...good, titel: 1 }), `did you mean "title"`],
    [JSON.stringify([good, { ...good, claims: [{ ...claim, verdict: 3 }] }]), "a.json: [1].claims[0].verdict: "],
    [
      JSON.stringify({ ...good, claims: [{ ...claim, figures: { r: { estimate: 1, low: "0", high: 1, n: 1 } } }] }),
      "claims[0].figures.r.low: ",
    ],
  ])("%s", (text, message) => {
    const run = () => diffVerdicts({ text, where: "a.json" }, { text: JSON.stringify(good), where: "b.json" });
    expect(run).toThrow(InputError);
    expect(run).toThrow(message);
  });
});
