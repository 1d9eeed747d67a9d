import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn, fixture } from "./folders.ts";

const RIGHT = fixture("close-quote/close-quote.circuit");
const WRONG = fixture("close-quote/wrong.circuit");
const MODEL = fixture("close-quote/model");
const TASK = fixture("close-quote/task.jsonl");

/** A folder with a file of claims about the compiled quote program. */
function claims(...lines: string[]): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, "a.circuit"), [`model "${MODEL}"`, `task "${TASK}"`, ...lines, ""].join("\n"));
  return folder;
}

describe("a person reads", () => {
  test("true claims about the compiled program: all supported", async () => {
    const checked = await filigree(["check", RIGHT], emptyFolder());
    expectCode(checked, 0);
    const lines = checked.stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("A string closes with the quote that opened it");
    expect(checked.stdout).toMatch(/accuracy 100\.0 %, loss 0\.313\)/u);
    expect(checked.stdout).toMatch(/^ {2}✓ supported {5}attn L1 copies quote type from opener to last via v$/mu);
    expect(checked.stdout).toMatch(/^ {18}transfer 1\.00 \[\d\.\d\d, \d\.\d\d\] {3}r 0\.00 \[/mu);
    expect(lines.filter((line) => line.startsWith("  ✓ supported"))).toHaveLength(5);
    expect(lines.at(-1)).toBe("5 of 5 claims as expected");
    expect(checked.stdout).not.toContain("\u001B");
  });

  test("claims one edit away from true ones: none supported, each with its reason", async () => {
    const checked = await filigree(["check", WRONG], emptyFolder());
    expectCode(checked, 0);
    expect(checked.stdout).not.toContain("supported  ");
    expect(checked.stdout).toMatch(/^ {2}✓ refuted {7}attn L1 at last ignores quote type expect refuted$/mu);
    expect(checked.stdout).toMatch(/^ {18}.*\bwanted ≤ 0\.05\)$/mu);
    expect(checked.stdout.trimEnd()).toMatch(/5 of 5 claims as expected$/u);
  });

  test("a claim that is not as expected: exit code 1, what was expected and where", async () => {
    const folder = claims("attn L0 copies quote type from opener to last", "attn L1 at last carries quote type");
    const checked = await filigree(["check", "a.circuit"], folder);
    expectCode(checked, 1);
    expect(checked.stdout).toMatch(/^ {2}✗ refuted {7}attn L0 copies quote type from opener to last$/mu);
    expect(checked.stdout).toContain("expected supported, at a.circuit:3");
    expect(checked.stdout.trimEnd()).toMatch(/^1 of 2 claims as expected$/mu);
  });
});

describe("a program reads", () => {
  test("one document, the same bytes each time, with the settings of the command line", async () => {
    const args = ["check", "--json", "--seed", "7", "--examples", "128", RIGHT];
    const [first, second] = [await filigree(args, emptyFolder()), await filigree(args, emptyFolder())];
    expectCode(first, 0);
    expect(second.stdout).toBe(first.stdout);
    const document = JSON.parse(first.stdout);
    expect(document).toMatchObject({
      format: "filigree.verdict/1",
      file: RIGHT,
      backend: "wasm",
      seed: 7,
      settings: { examples: 128 },
      met: true,
    });
    expect(document.claims).toHaveLength(5);
    expect(document.claims[0]).toMatchObject({
      name: "claim 1",
      line: 6,
      verdict: "supported",
      expected: "supported",
      met: true,
      figures: { transfer: { estimate: expect.closeTo(1, 5) }, r: { estimate: expect.closeTo(0, 5) } },
    });
  });

  test("an array for several files", async () => {
    const checked = await filigree(["check", "--json", "--examples", "128", RIGHT, WRONG], emptyFolder());
    expectCode(checked, 0);
    const documents = JSON.parse(checked.stdout);
    expect(documents.map(({ file }: { file: string }) => file)).toEqual([RIGHT, WRONG]);
  });

  test("a trace of every swap", async () => {
    const folder = claims("attn L1 at last carries quote type");
    const checked = await filigree(["check", "a.circuit", "--json", "--examples", "32", "--trace", "t.jsonl"], folder);
    expectCode(checked, 0);
    expect(filesIn(folder)).toEqual(["a.circuit", "t.jsonl"]);
    const lines = readFileSync(join(folder, "t.jsonl"), "utf8").trimEnd().split("\n");
    const swaps = lines.map((line) => JSON.parse(line));
    expect(new Set(swaps.map(({ claim }) => claim))).toEqual(new Set(["claim 1"]));
    // The answers flip exactly where the donor has the other quote: the task's examples come in pairs, double first.
    const donors = swaps.filter(({ rule }) => rule === "ANY");
    expect(donors.length).toBeGreaterThanOrEqual(32);
    for (const {
      reference,
      donors: [donor],
      delta2,
    } of donors) {
      expect(delta2 > 0.1).toBe(reference % 2 !== donor % 2);
    }
  });
});

test("--model takes the place of the file's model", async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "a.circuit"), `model "nowhere"\ntask "${TASK}"\nattn L1 at last carries quote type\n`);
  const checked = await filigree(["check", "a.circuit", "--model", MODEL, "--backend", "cpu", "--json"], folder);
  expectCode(checked, 0);
  expect(JSON.parse(checked.stdout)).toMatchObject({ backend: "cpu", met: true });
});

test("a faulty file among others: the others are checked, and the exit code is 2", async () => {
  const folder = claims("attn L1 at last carries quote type");
  writeFileSync(join(folder, "b.circuit"), "attn L1 copies\n");
  const files = ["b.circuit", "a.circuit"];
  const shown = await filigree(["check", ...files], folder);
  expectCode(shown, 2);
  expect(shown.stderr).toMatch(/^b\.circuit:1:\d+: error:/mu);
  expect(shown.stderr).toContain("1 file of 2 could not be checked");
  expect(shown.stdout).toContain("1 of 1 claim as expected");
  const json = await filigree(["check", "--json", ...files], folder);
  expect({ code: json.code, stdout: json.stdout }).toEqual({ code: 2, stdout: "" });
  const traced = await filigree(["check", "b.circuit", "--trace", "t.jsonl"], folder);
  expectCode(traced, 2);
  expect(filesIn(folder)).toEqual(["a.circuit", "b.circuit"]);
});
