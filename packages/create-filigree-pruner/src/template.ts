import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { PrunerName } from "./pruner-name.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Names that mean something to npm within a package: the template has them differently. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: ".gitignore", "manifest.json": "package.json" };

/** The files of a new package by path, in order. */
export async function filledTemplate(name: PrunerName): Promise<ReadonlyMap<string, string>> {
  const words = new Map([["pruner", name.pruner], ["package", name.package], ...(await releases())]);
  const template = join(ROOT, "template");
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  const files = new Map<string, string>();
  for (const path of paths.sort()) {
    const text = await readFile(join(template, path), "utf8");
    // What is none of ours is the workflow's.
    const filled = text.replaceAll(/\{\{(\w+)\}\}/gu, (whole, word: string) => words.get(word) ?? whole);
    files.set(RENAMED[path] ?? path, filled);
  }
  return files;
}

/** The releases of Filigree's packages that a new pruner is made for: those that this package was published with. */
async function releases(): Promise<[string, string][]> {
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return ["core", "pruners", "testkit"].map((word) => {
    return [word, manifest.devDependencies[`@filigree/${word === "testkit" ? "pruner-testkit" : word}`]!];
  });
}
