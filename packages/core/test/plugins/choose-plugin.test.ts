import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  checkPlugin,
  checkPluginOptions,
  choosePlugin,
  defineOptions,
  InputError,
  listPlugins,
  numberOption,
  PluginError,
  pluginFault,
  type Plugin,
  type PluginKind,
} from "../../src/index.ts";

class GadgetError extends PluginError {
  override readonly name = "GadgetError";
}

const common = { version: "1.0.0", about: "", apiVersion: 3 } as const;
const builtIn: Plugin = {
  ...common,
  name: "built-in",
  options: defineOptions({ size: numberOption({ about: "", default: 1, most: 5 }) }),
};

const GADGETS: PluginKind<Plugin> = {
  word: "gadget",
  builtIn: [builtIn],
  check: (value, where) => checkPlugin(value, where, { word: "gadget", madeBy: "defineGadget", apiVersion: 3 }),
  fault: (plugin, what, cause) => new GadgetError("gadget", plugin, what, cause),
};

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-plugins-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A stranger's package: a plain object, whose options are a hand-made Standard Schema. */
const PLUGIN = `{
  name: "half", version: "2.1.0", about: "keeps half", apiVersion: 3,
  options: { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value: { ...value, seen: true } }) } },
}`;

function install(name: string, manifest: object | string, file: string, source: string): void {
  const root = join(folder, "node_modules", name);
  mkdirSync(join(root, file, ".."), { recursive: true });
  const text =
    typeof manifest === "string" ? manifest : JSON.stringify({ name, version: "2.1.0", type: "module", ...manifest });
  writeFileSync(join(root, "package.json"), text);
  writeFileSync(join(root, file), source);
}

const choose = (name: string, from = folder, given: Plugin[] = []) => choosePlugin(GADGETS, name, from, given);

test("chooses a built-in plugin or one that is handed over", async () => {
  const mine = { ...builtIn, name: "mine" };
  expect(await choose("mine", folder, [mine])).toBe(mine);
  expect(await choose("built-in")).toBe(builtIn);
  expect(listPlugins(GADGETS, [mine])).toEqual([builtIn, mine]);
  await expect(choose("bilt-in")).rejects.toThrow(/there is no gadget "bilt-in".*did you mean "built-in"/su);
  await expect(choose("mine", folder, [mine, mine])).rejects.toThrow(/two gadgets are called "mine"/u);
});

test("checks options, and blames a schema that throws", async () => {
  expect(await checkPluginOptions(GADGETS, builtIn, undefined)).toEqual({ size: 1 });
  await expect(checkPluginOptions(GADGETS, builtIn, { size: 6 })).rejects.toThrow(/options of built-in@1.*size: 6/su);
  const validate = () => {
    throw new TypeError("half a schema");
  };
  const throwing = { ...builtIn, options: { "~standard": { version: 1 as const, vendor: "mine", validate } } };
  const refused = checkPluginOptions(GADGETS, throwing, {});
  await expect(refused).rejects.toThrow(GadgetError);
  await expect(refused).rejects.toThrow(/gadget built-in@1\.0\.0 failed while it checked its options: half a schema/u);
});

test.each([
  ["conditions", { exports: { ".": { types: "./x.d.ts", import: "./lib/main.js" } } }],
  ["a plain entry", { exports: "./lib/main.js" }],
  ["alternatives", { exports: { node: [{ require: "./no.cjs" }, "./lib/main.js"] } }],
  ["an old main", { main: "lib/main.js" }],
])("loads a package by its name, whose exports are %s", async (_, manifest) => {
  install("filigree-gadget-half", manifest, "lib/main.js", `export default ${PLUGIN};`);
  const plugin = await choose("filigree-gadget-half");
  expect([plugin.name, plugin.version]).toEqual(["half", "2.1.0"]);
  expect(await checkPluginOptions(GADGETS, plugin, { a: 1 })).toEqual({ a: 1, seen: true });
});

test("finds a scoped package in a folder above", async () => {
  install("@me/filigree-gadget-half", {}, "index.js", `export default ${PLUGIN};`);
  const deeper = join(folder, "runs", "first");
  mkdirSync(deeper, { recursive: true });
  expect((await choose("@me/filigree-gadget-half", deeper)).name).toBe("half");
});

test.each([
  ["for another version of the contract", PLUGIN.replace("apiVersion: 3", "apiVersion: 2"), /version 2 of the contr/u],
  ["of a name that is taken", PLUGIN.replace('"half"', '"built-in"'), /two gadgets are called "built-in"/u],
  ["without a gadget", "42", /the default export of filigree-gadget-bad: it is no gadget/u],
  [
    "that another release of Filigree refuses",
    `(() => { throw Object.assign(new Error("apiVersion: 4 expected"), { name: "InputError" }); })()`,
    /the package filigree-gadget-bad: apiVersion: 4 expected/u,
  ],
])("refuses a package %s", async (_, source, message) => {
  install("filigree-gadget-bad", {}, "index.js", `export default ${source};`);
  const refused = choose("filigree-gadget-bad");
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(message);
});

test.each([
  ["is not JSON", `{ "name": `, /package\.json: not JSON/u],
  ["is not an object", "null", /package\.json: null found.*an object/su],
  ["has a main that is no text", { main: 3 }, /package\.json: main: the number 3 found.*a text/su],
  ["has nothing to import", { exports: { require: "./index.cjs" } }, /cannot be imported.*an entry "\."/su],
  ["leads out of the package", { exports: "./../../../elsewhere.js" }, /cannot be imported/u],
  ["leads into another package", { exports: "./node_modules/other/index.js" }, /cannot be imported/u],
])("says so where the package.json %s", async (_, manifest, message) => {
  install("filigree-gadget-old", manifest, "index.js", `throw new Error("it ran");`);
  const refused = choose("filigree-gadget-old");
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(message);
});

test("says what is wrong with a package that is not there, or that throws", async () => {
  await expect(choose("filigree-gadget-nowhere")).rejects.toThrow(/not installed.*npm install/su);
  install("filigree-gadget-broken", {}, "index.js", `throw new TypeError("half a plugin");`);
  const refused = choose("filigree-gadget-broken");
  await expect(refused).rejects.toThrow(GadgetError);
  await expect(refused).rejects.toThrow(/The gadget filigree-gadget-broken failed while it was loaded: half a plugin/u);
});

test("loads nothing that is not named by the convention", async () => {
  install("half", {}, "index.js", `export default ${PLUGIN};`);
  install("filigree-widget-half", {}, "index.js", `export default ${PLUGIN};`);
  for (const name of ["half", "../half/filigree-gadget-half", "filigree-widget-half", "filigree-gadget-"]) {
    await expect(choose(name)).rejects.toThrow(/there is no gadget/u);
  }
});

test("blames a plugin for what it throws, but not for wrong input or an end that was asked for", () => {
  const original = new TypeError("ouch");
  const fault = pluginFault(GADGETS, "half@2.1.0", "failed in step", original) as GadgetError;
  expect(fault).toBeInstanceOf(GadgetError);
  expect(fault).toMatchObject({
    message: "The gadget half@2.1.0 failed in step: ouch",
    plugin: "half@2.1.0",
    cause: original,
  });
  const others = [fault, new InputError({ what: "wrong" }), new DOMException("stop", "AbortError")];
  for (const error of others) expect(pluginFault(GADGETS, "half@2.1.0", "failed in step", error)).toBe(error);
});
