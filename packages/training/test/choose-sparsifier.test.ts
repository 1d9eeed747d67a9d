import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "@filigree/core";
import { defineSparsifier, dense, topK } from "@filigree/sparsifiers";
import { beforeEach, expect, test } from "vitest";
import { chooseSparsifier } from "../src/index.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-plugins-"))));

/** A stranger's package: a plain object, whose options are a hand-made Standard Schema. */
const PLUGIN = `{
  name: "half", version: "2.1.0", about: "keeps half", apiVersion: 1, storage: "dense",
  options: { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value: { ...value, seen: true } }) } },
  init: () => ({}), step() {}, density: () => 0.5,
}`;

function install(name: string, manifest: object, file: string, source: string, at = folder): void {
  const root = join(at, "node_modules", name);
  mkdirSync(join(root, file, ".."), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ name, version: "2.1.0", type: "module", ...manifest }));
  writeFileSync(join(root, file), source);
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
  await expect(chooseSparsifier({ name: "mine", options: {} }, folder, [mine, mine])).rejects.toThrow(
    /two sparsifiers are called "mine"/u,
  );
});

test.each([
  ["conditions", { exports: { ".": { types: "./x.d.ts", import: "./lib/main.js" } } }],
  ["a plain entry", { exports: "./lib/main.js" }],
  ["alternatives", { exports: { node: [{ require: "./no.cjs" }, "./lib/main.js"] } }],
  ["an old main", { main: "lib/main.js" }],
])("loads a package by its name, whose exports are %s", async (_, manifest) => {
  install("filigree-sparsifier-half", manifest, "lib/main.js", `export default ${PLUGIN};`);
  const { plugin, options } = await choose("filigree-sparsifier-half", { a: 1 });
  expect([plugin.name, plugin.version]).toEqual(["half", "2.1.0"]);
  expect(options).toEqual({ a: 1, seen: true });
});

test("finds a scoped package in a folder above", async () => {
  install("@me/filigree-sparsifier-half", {}, "index.js", `export default ${PLUGIN};`);
  const deeper = join(folder, "runs", "first");
  mkdirSync(deeper, { recursive: true });
  const { plugin } = await chooseSparsifier({ name: "@me/filigree-sparsifier-half", options: {} }, deeper);
  expect(plugin.name).toBe("half");
});

test.each([
  [
    "for another version of the contract",
    PLUGIN.replace("apiVersion: 1", "apiVersion: 2"),
    /version 2 of the contract/u,
  ],
  ["of a name that is taken", PLUGIN.replace('"half"', '"top-k"'), /two sparsifiers are called "top-k"/u],
  ["without a sparsifier", "42", /the default export of filigree-sparsifier-bad: it is no sparsifier/u],
])("refuses a package %s", async (_, source, message) => {
  install("filigree-sparsifier-bad", {}, "index.js", `export default ${source};`);
  const refused = choose("filigree-sparsifier-bad");
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(message);
});

test("says what is wrong with a package that is not there or cannot be imported", async () => {
  await expect(choose("filigree-sparsifier-nowhere")).rejects.toThrow(/not installed.*npm install/su);
  install("filigree-sparsifier-old", { exports: { require: "./index.cjs" } }, "index.cjs", "");
  await expect(choose("filigree-sparsifier-old")).rejects.toThrow(/cannot be imported.*an entry "\."/su);
  install("filigree-sparsifier-broken", {}, "index.js", `throw new TypeError("half a plugin");`);
  await expect(choose("filigree-sparsifier-broken")).rejects.toThrow(
    /The sparsifier filigree-sparsifier-broken failed while it was loaded: half a plugin/u,
  );
});

test("blames a package whose schema throws", async () => {
  const throwing = PLUGIN.replace("({ value: { ...value, seen: true } })", "{ throw new TypeError('half a schema'); }");
  install("filigree-sparsifier-half", {}, "index.js", `export default ${throwing};`);
  await expect(choose("filigree-sparsifier-half", {})).rejects.toThrow(
    /The sparsifier half@2\.1\.0 failed while it checked its options: half a schema/u,
  );
});

test("loads nothing that is not named by the convention", async () => {
  install("half", {}, "index.js", `export default ${PLUGIN};`);
  await expect(choose("half")).rejects.toThrow(/there is no sparsifier "half"/u);
  await expect(choose("../half/filigree-sparsifier-half")).rejects.toThrow(/there is no sparsifier/u);
});
