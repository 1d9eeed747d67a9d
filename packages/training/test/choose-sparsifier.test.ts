import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineSparsifier, dense, SparsifierError, topK } from "@filigree/sparsifiers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseSparsifier } from "../src/index.ts";

// How packages are found and refused is the same for all plugins: see the tests of core.

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-plugins-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A stranger's package: a plain object, whose options are a hand-made Standard Schema. */
const PLUGIN = `{
  name: "half", version: "2.1.0", about: "keeps half", apiVersion: 1, storage: "dense",
  options: { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value: { ...value, seen: true } }) } },
  init: () => ({}), step() {}, density: () => 0.5,
}`;

function install(source: string): void {
  const root = join(folder, "node_modules/filigree-sparsifier-half");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "index.js"), source);
}

const choose = (name: string, options?: unknown) => chooseSparsifier({ name, options }, folder);

test("chooses a built-in sparsifier or one that is handed over, and checks its options", async () => {
  const mine = defineSparsifier({ ...dense, name: "mine" });
  expect((await chooseSparsifier({ name: "mine", options: undefined }, folder, [mine])).plugin).toBe(mine);
  const { plugin, options } = await choose("top-k", { block: 0.5 });
  expect(plugin).toBe(topK);
  expect(options).toMatchObject({ block: 0.5, anneal: "geometric" });
  await expect(choose("top-q")).rejects.toThrow(/there is no sparsifier "top-q"/u);
  await expect(choose("top-k", { block: 2 })).rejects.toThrow(/options of top-k@.*block: 2 found/su);
  const written = { name: "top-k", options: { block: 2 }, where: "a.json" };
  await expect(chooseSparsifier(written, folder)).rejects.toThrow(/^a\.json: sparsifier\.options: options of top-k@/u);
  await expect(chooseSparsifier({ ...written, name: "top-q" }, folder)).rejects.toThrow(
    /^a\.json: sparsifier\.name: /u,
  );
});

test("loads a package by its name", async () => {
  install(`export default ${PLUGIN};`);
  const { plugin, options } = await choose("filigree-sparsifier-half", { a: 1 });
  expect([plugin.name, plugin.version]).toEqual(["half", "2.1.0"]);
  expect(options).toEqual({ a: 1, seen: true });
});

test("refuses a package whose default export is no sparsifier, and blames one that throws", async () => {
  install(`export default ${PLUGIN.replace("step() {}, ", "")};`);
  await expect(choose("filigree-sparsifier-half")).rejects.toThrow(/it has no step/u);
  const throwing = PLUGIN.replace("({ value: { ...value, seen: true } })", "{ throw new TypeError('half a schema'); }");
  // A module is loaded once: the second one needs a folder of its own.
  folder = mkdtempSync(join(folder, "other-"));
  install(`export default ${throwing};`);
  const refused = choose("filigree-sparsifier-half", {});
  await expect(refused).rejects.toThrow(SparsifierError);
  await expect(refused).rejects.toThrow(
    /The sparsifier half@2\.1\.0 failed while it checked its options: half a schema/u,
  );
});
