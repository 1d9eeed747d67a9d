import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-create-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const main = join(import.meta.dirname, "../dist/main.js");
const create = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });

test("makes a package, says which files it has and what comes next", () => {
  const { status, stdout, stderr } = create("my-idea");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("  filigree-pruner-my-idea/src/index.ts\n");
  expect(stdout).toContain("cd filigree-pruner-my-idea\n  npm install\n  npm test\n");
  expect(readdirSync(folder)).toEqual(["filigree-pruner-my-idea"]);
});

test("shows how it is used, and its version", () => {
  expect(create("--help").stdout).toMatch(/^Usage: npm create filigree-pruner NAME\n/u);
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
  expect(create("--version").stdout).toBe(`${version}\n`);
});

test.each([
  ["no name", [], /one name is needed/u],
  ["two names", ["one", "two"], /one name is needed/u],
  ["a bad name", ["My Idea"], /cannot be the name of a pruner/u],
  ["an option that it does not have", ["--nome", "x"], /'--nome'/u],
])("%s is bad input: nothing is written", (_, args, message) => {
  const { status, stdout, stderr } = create(...args);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is not empty is left alone", () => {
  create("my-idea");
  const { status, stderr } = create("my-idea");
  expect(status).toBe(2);
  expect(stderr).toContain("this folder is not empty");
  expect(readdirSync(folder)).toEqual(["filigree-pruner-my-idea"]);
});
