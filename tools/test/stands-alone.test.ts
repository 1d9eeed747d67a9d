import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { typescriptBlocks } from "../house/readme-example.ts";
import { importsOf, packageOf } from "../house/source-imports.ts";
import { installTogether, linkAlone, packAll, runCommand, runExample } from "../house/standing-alone.ts";
import { listPackages } from "../house/workspace.ts";

const packages = listPackages();
let outside: string;
let everything: string;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), "filigree-alone-"));
  mkdirSync(join(outside, "tarballs"));
  everything = join(outside, "everything");
  await installTogether(await packAll(join(outside, "tarballs")), everything);
});

afterAll(() => rmSync(outside, { recursive: true, force: true }));

describe.concurrent.each(packages)("$manifest.name alone in an empty project", ({ folder, directory, manifest }) => {
  test("compiles and runs the example of its README", async ({ expect }) => {
    const example = typescriptBlocks(readFileSync(join(directory, "README.md"), "utf8"))[0] ?? "";
    const mayImport = new Set([manifest.name, ...Object.keys(manifest.dependencies ?? {})]);
    const strays = importsOf(example).filter((specifier) => {
      const used = packageOf(specifier);
      return specifier.startsWith(".") || (used !== undefined && !mayImport.has(used));
    });
    expect(strays).toEqual([]);

    const project = join(outside, folder);
    linkAlone(manifest.name, everything, project);
    expect((await runExample(example, project)).trim()).not.toBe("");
    for (const command of Object.keys(manifest.bin ?? {}))
      expect(await runCommand(command, ["--version"], project)).toContain(manifest.version);
  });
});
