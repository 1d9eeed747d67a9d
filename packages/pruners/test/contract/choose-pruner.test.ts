import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { choosePruner, definePruner, learnedMask, PrunerError } from "../../src/index.ts";

// How packages are found and refused is the same for all plugins: see the tests of core.

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-plugins-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A stranger's package: a plain object, whose options are a hand-made Standard Schema. */
const PLUGIN = `export default {
  name: "flat", version: "2.1.0", about: "scores nothing", apiVersion: 1,
  options: { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } },
  score: ({ sites }) => new Map([...sites].map(([site, width]) => [site, new Float32Array(width)])),
};`;

function install(name: string, source: string): void {
  const root = join(folder, "node_modules", name);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "index.js"), source);
}

test("chooses a built-in pruner, one that is handed over, or that of a package", async () => {
  expect(await choosePruner("learned-mask", folder)).toBe(learnedMask);
  const mine = definePruner({ ...learnedMask, name: "mine" });
  expect(await choosePruner("mine", folder, [mine])).toBe(mine);
  for (const name of ["filigree-pruner-flat", "@me/filigree-pruner-flat"]) {
    install(name, PLUGIN);
    expect(await choosePruner(name, folder)).toMatchObject({ name: "flat", version: "2.1.0" });
  }
});

test("refuses a package that holds no pruner, or one of a name that is taken, and blames one that throws", async () => {
  install("filigree-pruner-none", PLUGIN.replace("score:", "scores:"));
  await expect(choosePruner("filigree-pruner-none", folder)).rejects.toThrow(/a part is missing.*score, or init/su);
  install("filigree-pruner-taken", PLUGIN.replace('"flat"', '"random"'));
  await expect(choosePruner("filigree-pruner-taken", folder)).rejects.toThrow(/two pruners are called "random"/u);
  install("filigree-pruner-broken", "throw new TypeError('ouch');");
  const broken = choosePruner("filigree-pruner-broken", folder);
  await expect(broken).rejects.toThrow(PrunerError);
  await expect(broken).rejects.toThrow("The pruner filigree-pruner-broken failed while it was loaded: ouch");
  await expect(choosePruner("lerned-mask", folder)).rejects.toThrow(/did you mean "learned-mask"/u);
});
