import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "@filigree/sites";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prunerName, scaffoldPruner } from "../src/index.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "filigree-create-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["my-idea", "filigree-pruner-my-idea"],
  ["filigree-pruner-my-idea", "filigree-pruner-my-idea"],
  ["@me/filigree-pruner-my-idea", "@me/filigree-pruner-my-idea"],
])("%s is a pruner my-idea in the package %s", (text, name) => {
  expect(prunerName(text)).toEqual({ pruner: "my-idea", package: name, folder: "filigree-pruner-my-idea" });
});

test.each(["", "My-Idea", "my idea", "my_idea", "../up", "@me/my-idea", "filigree-pruner-", "-x", "a".repeat(101)])(
  "%j cannot be the name of a pruner, and nothing is written",
  async (text) => {
    await expect(scaffoldPruner(text, folder)).rejects.toThrow(InputError);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("a package is begun with everything in it, and no gap is left open", async () => {
  const { package: name, folder: made, files } = await scaffoldPruner("@me/filigree-pruner-my-idea", folder);
  expect([name, made]).toEqual(["@me/filigree-pruner-my-idea", "filigree-pruner-my-idea"]);
  expect(files.toSorted()).toEqual([
    ".github/workflows/ci.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "package.json",
    "src/index.ts",
    "test/pruner.test.ts",
    "tsconfig.json",
  ]);
  expect(readdirSync(folder)).toEqual([made]);
  for (const file of files) {
    expect(readFileSync(join(folder, made, file), "utf8")).not.toMatch(/(?<!\$)\{\{|undefined/u);
  }
  const manifest = JSON.parse(readFileSync(join(folder, made, "package.json"), "utf8"));
  const own = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
  expect(manifest.name).toBe(name);
  expect(manifest.devDependencies).toMatchObject(own.devDependencies);
  expect(manifest.peerDependencies["@filigree/pruners"]).toBe(own.devDependencies["@filigree/pruners"]);
  expect(readFileSync(join(folder, made, "src/index.ts"), "utf8")).toContain('name: "my-idea"');
});

test("an empty folder gives way, and nothing else does", async () => {
  const target = join(folder, "filigree-pruner-my-idea");
  mkdirSync(target);
  await scaffoldPruner("my-idea", folder);
  writeFileSync(join(target, "LICENSE"), "mine");
  await expect(scaffoldPruner("my-idea", folder)).rejects.toThrow(/this folder is not empty/u);
  expect(readFileSync(join(target, "LICENSE"), "utf8")).toBe("mine");
  rmSync(target, { recursive: true });
  writeFileSync(target, "a file");
  await expect(scaffoldPruner("my-idea", folder)).rejects.toThrow(/this is a file/u);
  expect(readdirSync(folder)).toEqual(["filigree-pruner-my-idea"]);
});

test("a folder in which nothing can be made is left as it is", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(scaffoldPruner("my-idea", join(folder, "file"))).rejects.toThrow(/ENOTDIR|EEXIST/u);
  expect(existsSync(join(folder, "file/filigree-pruner-my-idea"))).toBe(false);
});
