import { rmSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheck, SharedWork, type VerdictDocument } from "../src/index.ts";
import { programFolder } from "./support/programs.ts";
import { writeTracrQuotes } from "./tracr-quotes.ts";

let folder: string;
beforeAll(async () => {
  await useBackend("wasm");
  folder = writeTracrQuotes(64);
});
afterAll(() => rmSync(folder, { recursive: true }));

// They differ in what a tester may share: prompts, the features of the prompts, the level of the gate.
const HEADERS = [
  `examples 128`,
  `examples 128`,
  `examples 128\nfeature short: bool = length() < 8`,
  `examples 64`,
  `examples 128\nalpha 0.2`,
  `examples 128\nseed 5`,
  `examples 128`,
];
const CLAIMS = [
  "attn L1 copies quote type from opener to last via v",
  "attn L1.v at opener carries quote type",
  "embed at opener carries quote type",
];

async function documentOf(text: string, shared?: SharedWork): Promise<VerdictDocument> {
  const input = { text, file: join(folder, "quotes.circuit"), model: programFolder("close_quote") };
  const opened = await openCheck(input, { shared });
  if (!("tester" in opened)) throw new Error(opened.diagnostics.map(({ message }) => message).join("; "));
  const { tester, origin } = opened;
  const document = tester.document(await tester.testAll(), origin);
  opened.dispose();
  return document;
}

test("files that are checked one after the other come out as each does alone", async () => {
  const texts = HEADERS.map(
    (header, i) => `circuit "${i}"\ntask "./quotes.jsonl"\n${header}\n${CLAIMS[i % CLAIMS.length]}\n`,
  );
  const before = tf.memory().numTensors;
  const shared = new SharedWork();
  const together: VerdictDocument[] = [];
  for (const text of texts) together.push(await documentOf(text, shared));
  shared.dispose();
  expect(tf.memory().numTensors).toBe(before);
  const alone: VerdictDocument[] = [];
  for (const text of texts) alone.push(await documentOf(text));
  expect(together).toEqual(alone);
  // The texts differ in what is tested: else equal documents would say nothing.
  expect(new Set(alone.map(({ model, claims }) => JSON.stringify([model, claims[0]!.figures]))).size).toBe(6);
});

test("the model of one file makes room for that of the next", async () => {
  const shared = new SharedWork();
  const before = tf.memory().numTensors;
  const first = await shared.model(programFolder("close_quote"), undefined);
  const own = tf.memory().numTensors - before;
  expect(await shared.model(programFolder("close_quote"), undefined)).toBe(first);
  expect(tf.memory().numTensors - before).toBe(own);
  const second = await shared.model(programFolder("hist"), undefined);
  expect(second.hash).not.toBe(first.hash);
  shared.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
