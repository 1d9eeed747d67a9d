import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "@filigree/core";
import { formatDiagnostic } from "@filigree/hypothesis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check, type TraceLine } from "../src/index.ts";
import { programFolder } from "./support/programs.ts";
import { writeTracrQuotes } from "./tracr-quotes.ts";

let folder: string;
beforeAll(() => {
  folder = writeTracrQuotes(64);
});
afterAll(() => rmSync(folder, { recursive: true }));

const model = programFolder("close_quote");
const options = (text: string) => ({ text, file: join(folder, "quotes.circuit"), model });
const HEADER = `circuit "quotes"\ntask "./quotes.jsonl"\nexamples 128\n`;

/** The codes and lines of what is wrong with a text. */
async function wrong(text: string): Promise<string[]> {
  const { diagnostics } = await check(options(text));
  return diagnostics.map(({ code, span }) => `${span.line} ${code}`);
}

test("a file with a true and a false claim", async () => {
  const claims = "attn L1 copies quote type from opener to last via v\nattn L0 copies quote type from opener to last\n";
  const outcome = await check(options(HEADER + claims));
  if (!("verdict" in outcome)) throw new Error("The file has errors.");
  const { verdict } = outcome;
  expect(verdict).toMatchObject({ format: "filigree.verdict/1", title: "quotes", backend: "wasm", met: false });
  expect(verdict.claims.map((claim) => [claim.line, claim.verdict, claim.met])).toEqual([
    [4, "supported", true],
    [5, "refuted", false],
  ]);
  for (const hash of [verdict.hashes.file, verdict.hashes.model, verdict.hashes.data])
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
});

test("a claim that is expected to fail meets its expectation", async () => {
  const outcome = await check(options(`${HEADER}attn L0 copies quote type from opener to last expect refuted`));
  expect("verdict" in outcome && outcome.verdict.met).toBe(true);
});

test("every error of a text is reported in one run, in order", async () => {
  const text = `${HEADER}attn L1 head 9 carries quote type\nattn L7 carries quote type\nembed at opner carries quote tipe\n`;
  expect(await wrong(text)).toEqual(["4 unknown-head", "5 unknown-layer", "6 unknown-position", "6 unknown-feature"]);
  const { diagnostics } = await check(options(text));
  const shown = diagnostics.map((one) => formatDiagnostic(one, text)).join("\n");
  expect(shown).toContain("one head: 0");
  expect(shown).toContain("opener");
  expect(shown).toContain("quote type");
});

test("syntax errors do not hide each other, and need no model", async () => {
  const text = `${HEADER}attn L1 coppies quote type\nmlp L0 carries\n`;
  const { diagnostics } = await check({ text, file: join(folder, "quotes.circuit") });
  expect(diagnostics.filter(({ code }) => code === "syntax").map(({ span }) => span.line)).toEqual([4, 5]);
});

test("a file that names no model, or no task", async () => {
  const claim = "embed at opener carries quote type";
  const { diagnostics } = await check({ text: `task single_double_quote\n${claim}`, file: join(folder, "a.circuit") });
  expect(diagnostics.map(({ code }) => code)).toEqual(["missing-model"]);
  // A model that the caller brings is not missing.
  expect(await wrong(claim)).toEqual(["1 missing-task"]);
});

test("a model or a task that is not there is reported where the file names it", async () => {
  const text = `${HEADER}model "./nowhere"\nembed at opener carries quote type`;
  const file = join(folder, "a.circuit");
  const { diagnostics } = await check({ text, file });
  expect(diagnostics.map(({ code, span }) => [code, span.line, span.column])).toEqual([["unreadable-model", 4, 7]]);
  const missing = (await check(options('task "./nothing.jsonl"\nembed at opener carries quote type'))).diagnostics;
  expect(missing.map(({ code, span }) => [code, span.line, span.column])).toEqual([["unreadable-task", 1, 6]]);
  expect(missing[0]!.message).toContain("no such file");
  // What the caller names is no fault of the file.
  await expect(check({ text, file, model: join(folder, "elsewhere") })).rejects.toThrow(InputError);
});

test("a node file of another model is refused where it is named", async () => {
  const nodes = {
    format: "filigree.nodes/1",
    model: "0".repeat(64),
    task: "close quote",
    nodes: { "1.attn.v": [0, 1] },
    edges: [],
    ablation: { kind: "mean", means: "model" },
    loss: { dev: 0, test: 0, uncalibrated: 0, model: 0 },
    found: { pruner: "by-hand@0.0.0", options: {}, seed: 0 },
  };
  const path = join(folder, "other.nodes.json");
  writeFileSync(path, JSON.stringify(nodes));
  const outcome = await check(options(`${HEADER}let kept = nodes from "other.nodes.json"\nkept is sufficient\n`));
  expect(outcome.diagnostics.map(({ span }) => span.line)).toEqual([4]);
  expect(outcome.diagnostics[0]!.message).toContain("another model");
});

test("seed and number of examples can be set from outside; the trace and the progress tell what happens", async () => {
  const lines: TraceLine[] = [];
  const rules = new Set<string>();
  const before = tf.memory().numTensors;
  const outcome = await check({
    ...options(`${HEADER}attn L1.v at opener carries quote type`),
    seed: 3,
    examples: 40,
    trace: (line) => lines.push(line),
    onProgress: ({ rule, claim, claims }) => {
      rules.add(rule);
      expect(claim).toBeLessThanOrEqual(claims);
    },
  });
  expect("verdict" in outcome && outcome.verdict).toMatchObject({ seed: 3, model: { examples: 40 } });
  expect([...rules]).toEqual(["clean runs", "donors", "SELF", "EQ(quote type)", "NE(quote type)", "ANY"]);
  expect(lines.map(({ claim }) => claim)).toContain("claim 1");
  // The model was check's own, and is freed with all else.
  expect(tf.memory().numTensors).toBe(before);
});
