import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "@filigree/core";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder } from "./folders.ts";
import { saveSureModel, TASK } from "./sure-model.ts";

/** A stranger's pruner, without a library: keeps every node, in three steps. */
const PLUGIN = `export default {
  name: "keep-all", version: "1.2.3", about: "keeps every node", apiVersion: 1,
  options: { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } },
  init: () => 0,
  step: (ctx, options, n) => {
    if (n + 1 === options.failAt) throw new RangeError("too far");
    return { state: n + 1, done: n === 2, progress: (n + 1) / 3 };
  },
  finish: ({ sites }) => new Map([...sites].map(([site, width]) => [site, new Float32Array(width).fill(1)])),
};`;

let folder: string;
beforeAll(() => useBackend("wasm"));
beforeEach(async () => {
  folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const root = join(folder, "node_modules/filigree-pruner-keep-all");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "index.js"), PLUGIN);
});

const prune = (...args: string[]) =>
  filigree(["prune", "model", TASK, "--pruner", "filigree-pruner-keep-all", "--out", "all.json", ...args], folder);

test("a pruner is loaded from the current folder by the name of its package", async () => {
  expectCode(await prune("--set", "a=1"), 0);
  const { found } = JSON.parse(readFileSync(join(folder, "all.json"), "utf8"));
  expect(found).toEqual({ pruner: "keep-all@1.2.3", options: { a: 1 }, seed: 0, target: 0.15 });
});

test("what it throws is its own fault, and the run is saved", async () => {
  const failed = await prune("--set", "failAt=3");
  expectCode(failed, 70);
  expect(failed.stderr).toContain("The pruner keep-all@1.2.3 failed in step: too far");
  expect(failed.stderr).toContain("the state after step 2 is in all.json.state.json");
  expect(failed.stderr).toContain("a fault of that plugin");
  expect(failed.stderr).toMatch(/RangeError: too far\n\s+at .*filigree-pruner-keep-all/u);
  const { pruner, steps, state } = JSON.parse(readFileSync(join(folder, "all.json.state.json"), "utf8"));
  expect({ pruner, steps, state }).toEqual({ pruner: "keep-all@1.2.3", steps: 2, state: 2 });
  // Mended, it goes on from there.
  writeFileSync(join(folder, "node_modules/filigree-pruner-keep-all/index.js"), PLUGIN.replace("failAt", "never"));
  expectCode(await prune("--set", "failAt=3", "--resume"), 0);
});
