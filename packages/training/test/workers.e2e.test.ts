import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { parseTrainingConfig, train } from "@filigree/training";
import { expect, test } from "vitest";
import { tinyConfig, writeSources } from "./tiny-run.ts";

// On what is built: Node 20 starts no worker thread from TypeScript.

const contents = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);

async function runTiny(config: string, workers: number, onStep?: () => void, stopAfter?: number): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), "filigree-workers-"));
  const controller = new AbortController();
  const again = { out, baseDirectory: "/", data: [writeSources()], command: "filigree train", codeVersion: "0" };
  const run = parseTrainingConfig(config, "tiny.json");
  const outcome = await train(run, {
    ...again,
    workers,
    signal: controller.signal,
    onProgress(progress) {
      if (progress.phase !== "training") return;
      onStep?.();
      if (progress.step === stopAfter) controller.abort();
    },
  });
  if (outcome.status === "interrupted") await train(run, { ...again, workers: workers + 1, resume: true });
  return out;
}

test.each([
  { name: "top-k", options: { block: 0.2, embedding: 0.5 } },
  { name: "rigl", options: { block: 0.2, embedding: 0.5 } },
  { name: "hard-concrete", options: { block: 0.2, embedding: 0.5 } },
])("any number of threads gives the same bytes: $name", async (sparsifier) => {
  const config = tinyConfig({ batch: 5, shards: 3, steps: 14, sparsifier });
  const [one, two, many, changing] = [
    await runTiny(config, 1),
    await runTiny(config, 2),
    await runTiny(config, 8),
    await runTiny(config, 1, undefined, 6),
  ];
  for (const out of [two, many, changing]) expect(contents(out)).toEqual(contents(one));
});

test("threads take no more memory from step to step, and are gone afterwards", async () => {
  const taken: [number, number][] = [];
  const before = tf.memory().numTensors;
  await runTiny(tinyConfig({ shards: 2, steps: 40, sparsifier: { name: "dense" } }), 2, () => {
    const { numTensors, numBytes } = tf.memory();
    taken.push([numTensors, numBytes]);
  });
  expect(taken).toHaveLength(40);
  expect(taken.slice(1)).toEqual(taken.slice(0, -1));
  expect(tf.memory().numTensors).toBe(before);
});
