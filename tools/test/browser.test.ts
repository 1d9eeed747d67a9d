import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  disposeModel,
  formatConfig,
  formatSafetensors,
  fromFloat32,
  listParameters,
  loadModel,
  randomStream,
  saveModel,
  seed,
  writeFileAtomically,
  type ModelConfig,
  type StoredTensor,
} from "@filigree/core";
import { check } from "@filigree/scrubbing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBrowsers } from "../house/browser/bundle.ts";
import { startChromium, tabMemory } from "../house/browser/chromium.ts";
import { LARGEST, largestValues } from "../house/browser/largest-model.ts";
import { serve, type Served } from "../house/browser/serve.ts";
import type * as tab from "../house/browser/tab.ts";
import { runTimes } from "../house/browser/run-times.ts";
import { root } from "../house/workspace.ts";

const MEGABYTE = 1e6;
/** OpenAI's files of small models. */
const PUBLISHED = join(root, "packages/core/test/fixtures/openai/");
const EXAMPLES = join(root, "examples/");
/** Installing Chromium takes minutes where the network is slow. */
const INSTALL_TIMEOUT = 600_000;

let directory: string;
let browser: Browser;
let served: Served;

beforeAll(async () => {
  browser = await startChromium();
  directory = await mkdtemp(join(tmpdir(), "filigree-browser-"));
  const tfjs = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  const scripts = {
    "/tab.js": await bundleForBrowsers(fileURLToPath(new URL("../house/browser/tab.ts", import.meta.url)), "tab"),
    "/worker.js": `importScripts("tab.js"); tab.workInWorker();`,
    "/examples/browser/dist/main.js": await bundleForBrowsers(join(EXAMPLES, "browser/main.ts")),
  };
  served = await serve(scripts, {
    "/wasm/": `${tfjs}/`,
    "/examples/browser/dist/": `${tfjs}/`,
    "/models/": `${directory}/`,
    "/published/": PUBLISHED,
    "/examples/": EXAMPLES,
  });
}, INSTALL_TIMEOUT);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  if (directory) await rm(directory, { recursive: true });
});

async function openTab(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(served.url);
  return page;
}

type Tab = typeof tab;

/** Calls a function of tab.ts in a tab. */
function call<Name extends keyof Tab>(
  page: Page,
  name: Name,
  ...args: Parameters<Tab[Name]>
): Promise<Awaited<ReturnType<Tab[Name]>>> {
  return page.evaluate(`tab.${name}(...${JSON.stringify(args)})`);
}

/** Calls it in a tab of its own. */
async function inTab<Name extends keyof Tab>(name: Name, ...args: Parameters<Tab[Name]>) {
  const page = await openTab();
  const result = await call(page, name, ...args);
  await page.close();
  return result;
}

async function inNode(folder: string, ids: readonly number[], times = 1) {
  const model = await loadModel(folder);
  const run = runTimes(model, ids, times);
  disposeModel(model);
  return { ...run, hash: model.hash };
}

function tokensPerSecond(ids: readonly number[], runMilliseconds: readonly number[]): string {
  const median = runMilliseconds.toSorted((a, b) => a - b)[Math.floor(runMilliseconds.length / 2)]!;
  return ((1000 * ids.length) / median).toFixed(0);
}

function postedFloats(path: string): Float32Array {
  return new Float32Array(served.posted.get(path)!.buffer);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function randomIds(count: number, vocabSize: number): number[] {
  const random = randomStream(seed(0), "test/browser/tokens");
  return Array.from({ length: count }, () => random.integer(vocabSize));
}

test("a tab loads the largest model and computes what Node computes", async () => {
  const folder = join(directory, "largest");
  await saveModel(folder, { config: LARGEST, values: largestValues(), means: new Map() });
  const ids = randomIds(LARGEST.blockSize, LARGEST.vocabSize);
  const expected = await inNode(folder, ids, 5);
  const page = await openTab();
  const empty = await tabMemory(browser);
  const found = await call(page, "run", "/models/largest", ids, 5, "/largest");
  const full = await tabMemory(browser);
  await page.close();

  expect(found.hash).toBe(expected.hash);
  const difference = largestDifference(postedFloats("/largest"), expected.values);
  expect(difference).toBeLessThanOrEqual(1e-5);
  // The logits say something: they are not all alike.
  expect(new Set(expected.values).size).toBeGreaterThan(1000);
  expect(found.tensorsLeft).toBe(0);
  expect(full.peak).toBeLessThan(400 * MEGABYTE);
  const size = (bytes: number) => `${(bytes / MEGABYTE).toFixed(0)} MB`;
  console.log(
    [
      `the tab loaded the model in ${found.loadMilliseconds.toFixed(0)} ms`,
      `ran ${tokensPerSecond(ids, found.runMilliseconds)} tokens/s (Node: ${tokensPerSecond(ids, expected.runMilliseconds)})`,
      `and differed from Node by at most ${difference}`,
      `its process took ${size(empty.resident)} before, ${size(full.resident)} after, and ${size(full.peak)} at most`,
      `tfjs's wasm memory was ${size(found.wasmBytes)} of it`,
    ].join("; "),
  );
});

test("a tab reads a model as it is published, from a server or from files that a person picked", async () => {
  const ids = randomIds(8, 16);
  const expected = await inNode(join(PUBLISHED, "yolo2_like"), ids);
  const fetched = await inTab("run", "/published/yolo2_like", ids, 1, "/fetched");
  const names = ["beeg_config.json", "final_model.pt"];
  const picked = await inTab("runFiles", "/published/yolo2_like", names, ids, "/picked");
  expect(fetched.hash).toBe(expected.hash);
  expect(picked.hash).toBe(expected.hash);
  expect(largestDifference(postedFloats("/fetched"), expected.values)).toBeLessThanOrEqual(1e-5);
  expect(largestDifference(postedFloats("/picked"), expected.values)).toBeLessThanOrEqual(1e-5);
});

test("a tab reads a large file part by part", async () => {
  const vocabSize = 4200; // a bigram table of 71 MB
  const config: ModelConfig = { ...LARGEST, nLayer: 1, nHead: 1, dModel: 16, dMlp: 16, vocabSize, outSize: vocabSize };
  const tensors = listParameters(config).map(({ name, shape, role }): [string, StoredTensor] => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (role === "bigram") for (let i = 0; i < vocabSize; i++) values[i * (vocabSize + 1)] = i;
    return [name, fromFloat32(values, shape)];
  });
  const folder = join(directory, "dense");
  await writeFileAtomically(join(folder, "config.json"), formatConfig(config));
  await writeFileAtomically(join(folder, "model.safetensors"), formatSafetensors(new Map(tensors)));
  const ids = [3, 4199];
  const expected = await inNode(folder, ids);
  const before = served.parts();
  const found = await inTab("run", "/models/dense", ids, 1, "/dense");
  expect(served.parts() - before).toBeGreaterThan(60);
  expect(found.hash).toBe(expected.hash);
  expect(Math.max(...expected.values)).toBe(4199);
  expect(postedFloats("/dense")).toEqual(expected.values);
});

test("a tab checks a claim about a model and gives Node's verdict", async () => {
  const text = [
    `model "../models/python-small"`,
    "task single_double_quote",
    "embed at opener carries quote type",
  ].join("\n");
  const file = "quotes/one.circuit";
  const inNode = await check({ text, file: join(EXAMPLES, file), examples: 16 });
  const found = await inTab("checkText", text, `/examples/${file}`, 16);
  if (!("verdict" in inNode) || !("verdict" in found)) throw new Error(JSON.stringify([inNode, found]));
  expect(found.verdict.claims).toEqual(inNode.verdict.claims);
  expect(found.verdict.model).toEqual(inNode.verdict.model);
  expect(found.verdict.task).toEqual(inNode.verdict.task);
});

test("the example page closes a string with the quote that opened it", async () => {
  const page = await browser.newPage();
  await page.goto(`${served.url}examples/browser/index.html`);
  const next = page.locator("#next");
  await next.filter({ hasText: /^"\\"/u }).waitFor();
  await page.getByRole("textbox").fill("raise ValueError('file not found");
  await next.filter({ hasText: /^"'/u }).waitFor();
  expect(await next.textContent()).toMatch(/^(?:"[^%]+" \d+ %(?:, )?){5}$/u);
  await page.close();
});

test("a worker of a tab computes the same", async () => {
  const ids = randomIds(8, 16);
  const expected = await inNode(join(PUBLISHED, "relu_nobias"), ids);
  expect(await inTab("runInWorker", "/worker.js", "/published/relu_nobias", ids, 1, "/worker")).toBe("done");
  expect(largestDifference(postedFloats("/worker"), expected.values)).toBeLessThanOrEqual(1e-5);
});

test("a tab says which file is missing, also where the server answers with a page", async () => {
  const missing = (folder: string) => `InputError: ${folder}: there is no config.json`;
  expect(await inTab("refusal", "/models/nowhere")).toContain(missing("/models/nowhere"));
  expect(await inTab("refusal", "/elsewhere")).toContain(missing("/elsewhere"));
});
