import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../house/workspace.ts";

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly integrity?: string; readonly link?: boolean }>
  >;
}
const lockfile: Lockfile = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

test("the lockfile holds no addresses: it installs from whichever registry a person uses", () => {
  const addresses = Object.entries(lockfile.packages)
    .filter(([, entry]) => !entry.link && entry.resolved !== undefined)
    .map(([path]) => path);
  expect(addresses).toEqual([]);
  expect(JSON.stringify(lockfile.packages)).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

test("the lockfile pins every installed package by its hash", () => {
  const unpinned = Object.entries(lockfile.packages)
    .filter(([path, entry]) => path.includes("node_modules/") && !entry.link && entry.integrity === undefined)
    .map(([path]) => path);
  expect(unpinned).toEqual([]);
});
