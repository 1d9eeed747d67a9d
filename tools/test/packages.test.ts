import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { typescriptBlocks } from "../house/readme-example.ts";
import { listPackages, root } from "../house/workspace.ts";

const UNRELEASED = "0.0.0";
/** Those that are named by what people type. */
const UNSCOPED: Readonly<Record<string, string>> = {
  cli: "filigree",
  "create-filigree-pruner": "create-filigree-pruner",
};
const licence = readFileSync(join(root, "LICENSE"), "utf8");
const changesets = readdirSync(join(root, ".changeset"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => readFileSync(join(root, ".changeset", file), "utf8"));

describe.each(listPackages())("$manifest.name", ({ folder, directory, manifest }) => {
  test("is named after its folder", () => {
    expect(manifest.name).toBe(UNSCOPED[folder] ?? `@filigree/${folder}`);
  });

  test("carries the licence", () => {
    expect(manifest.license).toBe("MIT");
    expect(readFileSync(join(directory, "LICENSE"), "utf8")).toBe(licence);
  });

  test("has a README with one TypeScript example and a section on when not to use it", () => {
    const readme = readFileSync(join(directory, "README.md"), "utf8");
    expect(readme.split("\n")[0]).toContain(manifest.name);
    expect(typescriptBlocks(readme)).toHaveLength(1);
    expect(readme).toMatch(/^#+ .*when not to use/im);
  });

  test("offers its sources, its types and its code, in this order", () => {
    const entry = manifest.exports["."] as Record<string, string>;
    expect(Object.keys(entry)).toEqual(["@filigree/source", "types", "default"]);
  });

  test("tells its users what changed", () => {
    const told =
      manifest.version === UNRELEASED
        ? changesets.some((text) => text.includes(`"${manifest.name}":`))
        : existsSync(join(directory, "CHANGELOG.md"));
    expect(told).toBe(true);
  });
});
