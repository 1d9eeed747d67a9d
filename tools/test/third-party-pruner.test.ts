import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packAll, packOne, run, withItsOwn } from "../house/standing-alone.ts";
import { listPackages, root } from "../house/workspace.ts";

// A stranger's pruner: begun with `npm create filigree-pruner`, built and tested with what is packed, and used by name.

const EXAMPLE = join(root, "examples/third-party-pruner");
const CREATE = join(root, "packages/create-filigree-pruner/dist/main.js");

let outside: string;
let tarballs: ReadonlyMap<string, string>;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), "filigree-stranger-"));
  mkdirSync(join(outside, "tarballs"));
  tarballs = await packAll(join(outside, "tarballs"));
});

afterAll(() => rmSync(outside, { recursive: true, force: true }));

/** Packed packages of the house, and those that they need, as dependencies. */
function packed(names: readonly string[]): Record<string, string> {
  const needed = new Set(names.flatMap((name) => [...withItsOwn(name, listPackages())]));
  return Object.fromEntries([...needed].map((name) => [name, `file:${tarballs.get(name)}`]));
}

async function install(directory: string, manifest: object): Promise<void> {
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps"];
  await run(directory, "npm", ["install", ...flags]);
}

/** Installs a pruner's package with the packed packages of the house. The compiler and vitest are the repository's. */
async function installPruner(directory: string): Promise<void> {
  const { devDependencies, ...manifest } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const ours = Object.keys(devDependencies).filter((name) => name.startsWith("@filigree/"));
  await install(directory, { ...manifest, devDependencies: packed(ours) });
  const modules = join(directory, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  for (const [name, command, file] of [
    ["typescript", "tsc", "bin/tsc"],
    ["vitest", "vitest", "vitest.mjs"],
  ] as const) {
    symlinkSync(join(root, "node_modules", name), join(modules, name));
    symlinkSync(join("..", name, file), join(modules, ".bin", command));
  }
}

async function testReport(directory: string): Promise<string> {
  return stripVTControlCharacters(await run(directory, "npm", ["test"]));
}

test("a package that was just begun installs, builds and passes its tests", async () => {
  await run(outside, process.execPath, [CREATE, "@stranger/filigree-pruner-new-idea"]);
  const directory = join(outside, "filigree-pruner-new-idea");
  await installPruner(directory);
  await run(directory, "npm", ["run", "build"]);
  expect(await testReport(directory)).toMatch(/Tests +11 passed/u);
});

test("the example is such a package with an idea in it, and its users name it", async () => {
  const directory = join(outside, "example");
  cpSync(EXAMPLE, directory, { recursive: true, filter: (path) => !/node_modules|dist$/u.test(path) });
  await run(outside, process.execPath, [CREATE, "consistent"]);
  const begun = join(outside, "filigree-pruner-consistent");
  for (const file of ["package.json", "tsconfig.json", ".gitignore", "LICENSE", ".github/workflows/ci.yml"]) {
    expect(readFileSync(join(directory, file), "utf8"), file).toBe(readFileSync(join(begun, file), "utf8"));
  }
  await installPruner(directory);
  expect(await testReport(directory)).toMatch(/Tests +11 passed/u);
  const tarball = await packOne(directory, join(outside, "tarballs"));

  const user = join(outside, "user");
  mkdirSync(user);
  const dependencies = { ...packed(["filigree"]), "filigree-pruner-consistent": `file:${tarball}` };
  await install(user, { name: "user", private: true, dependencies });
  const model = join(root, "examples/models/python-small");
  const flags = ["--pruner", "filigree-pruner-consistent", "--set", "pairs=4", "--target", "0.5"];
  const prune = ["prune", model, "single_double_quote", ...flags, "--out", "quotes.nodes.json"];
  await run(user, join(user, "node_modules/.bin/filigree"), prune);
  const { found, nodes } = JSON.parse(readFileSync(join(user, "quotes.nodes.json"), "utf8"));
  expect(found).toEqual({ pruner: "consistent@0.1.0", options: { pairs: 4 }, seed: 0, target: 0.5 });
  expect(Object.keys(nodes).length).toBeGreaterThan(0);
});
