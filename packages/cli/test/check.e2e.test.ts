import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
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
    expect(checked.stdout).toMatch(/^ {18}transfer 1\.00 \[\d\.\d\d, \d\.\d\d\] ≥ 0\.5 {3}V /mu);
    expect(lines.filter((line) => line.startsWith("  ✓ supported"))).toHaveLength(5);
    expect(lines.at(-1)).toBe("5 of 5 claims as expected");
    expect(checked.stdout).not.toContain("\u001B");
  });

  test("claims one edit away from true ones: none supported, each with its reason", async () => {
    const checked = await filigree(["check", WRONG], emptyFolder());
    expectCode(checked, 0);
    expect(checked.stdout).not.toMatch(/^ {2}. supported/mu);
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
    const args = ["check", "--json", "--seed", "7", "--examples", "128", "--workers", "1", RIGHT];
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
    const checked = await filigree(
      ["check", "--json", "--examples", "128", "--workers", "1", RIGHT, WRONG],
      emptyFolder(),
    );
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

test("a page, JUnit XML, a trace and the document of one run", async () => {
  const folder = claims("attn L1 at last carries quote type", "attn L0 copies quote type from opener to last");
  const args = ["check", "a.circuit", "--examples", "64", "--json", "--html", "out/a.html", "--junit", "a.xml"];
  const checked = await filigree([...args, "--trace", "a.jsonl"], folder);
  expectCode(checked, 1);
  expect(JSON.parse(checked.stdout).claims).toHaveLength(2);
  expect(filesIn(folder)).toEqual(["a.circuit", "a.jsonl", "a.xml", "out/a.html"]);
  const page = readFileSync(join(folder, "out/a.html"), "utf8");
  expect(page).toContain("attn L0 copies quote type from opener to last");
  expect(page).not.toMatch(/<script|https?:/u);
  const xml = readFileSync(join(folder, "a.xml"), "utf8");
  expect(xml).toContain(`tests="2" failures="1"`);
  expect(xml).toContain("a.circuit:4:1: refuted: expected supported");
});

test("reports that cannot be written are refused before anything runs", async () => {
  const folder = claims("attn L1 at last carries quote type");
  mkdirSync(join(folder, "sub"));
  const refused = async (...args: string[]) => {
    const ended = await filigree(["check", "a.circuit", ...args], folder);
    expectCode(ended, 2);
    return ended.stderr;
  };
  expect(await refused("--html", "sub")).toContain("sub: this is a folder");
  expect(await refused("--junit", "a.circuit")).toContain("--junit would replace a file that is checked");
  expect(await refused("--html", "x", "--junit", "./x")).toContain("--junit would replace what --html writes");
  expect(await refused("--html", "a.circuit/x.html")).toMatch(/a\.circuit: the system refuses to mkdir it/u);
  expect(await refused("--watch", "--json")).toContain("--json with --watch");
  expect(filesIn(folder)).toEqual(["a.circuit"]);
});

test("--watch checks again when the file changes, and goes on after a fault", async () => {
  const folder = claims("attn L1 at last carries quote type");
  const path = join(folder, "a.circuit");
  const right = readFileSync(path, "utf8");
  let runs = 0;
  const ended = await filigree(
    ["check", "a.circuit", "--watch", "--examples", "64", "--workers", "1"],
    folder,
    (child) => {
      child.stderr!.on("data", (text: string) => {
        if (!text.includes("waiting for a change of a.circuit")) return;
        runs++;
        if (runs === 1) writeFileSync(path, right.replace("L1", "L7"));
        else if (runs === 2) {
          // As editors do it: a new file in the place of the old one.
          writeFileSync(`${path}~`, right.replace("L1", "L0"));
          renameSync(`${path}~`, path);
        } else child.kill("SIGINT");
      });
    },
  );
  expectCode(ended, 1);
  expect(runs).toBe(3);
  expect(ended.stdout.match(/claim as expected/gu)).toHaveLength(2);
  expect(ended.stderr).toContain("there is no layer 7");
});

describe("diff", () => {
  test("of two checks: verdicts that changed, for a person and for a program; other input is refused", async () => {
    const folder = claims("attn L1 at last carries quote type");
    const document = async (file: string, ...args: string[]) => {
      const checked = await filigree(["check", "a.circuit", "--json", "--examples", "64", ...args], folder);
      writeFileSync(join(folder, file), checked.stdout);
    };
    await document("a.json");
    await document("b.json", "--seed", "3");
    const same = await filigree(["diff", "a.json", "b.json"], folder);
    expectCode(same, 0);
    expect(same.stdout).toBe("a.circuit\n\nother conditions\n  seed: 0 → 3\n\nno verdict changed, 1 the same\n");
    const text = readFileSync(join(folder, "a.json"), "utf8");
    writeFileSync(join(folder, "c.json"), text.replace(`"verdict": "supported"`, `"verdict": "refuted"`));
    const other = await filigree(["diff", "a.json", "c.json", "--json"], folder);
    expectCode(other, 1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      format: "filigree.diff/1",
      changed: true,
      files: [{ verdicts: [{ before: "supported", after: "refuted" }] }],
    });
    const wrong = await filigree(["diff", "a.json", "a.circuit"], folder);
    expectCode(wrong, 2);
    expect(wrong.stderr).toContain("error: a.circuit: not JSON");
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
