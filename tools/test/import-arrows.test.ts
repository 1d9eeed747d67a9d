import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseImportTable } from "../house/import-table.ts";
import { importsOf, packageOf } from "../house/source-imports.ts";
import { internalDependencies, listFiles, listPackages, root } from "../house/workspace.ts";

const table = parseImportTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));
const packages = listPackages();
const folderOf = new Map(packages.map(({ folder, manifest }) => [manifest.name, folder]));

test("ARCHITECTURE.md lists exactly the packages that exist", () => {
  expect([...table.keys()].toSorted()).toEqual(packages.map(({ folder }) => folder));
});

describe.each(packages)("$folder", ({ folder, directory, manifest }) => {
  const uses = listFiles(join(directory, "src"), /\.ts$/).flatMap((file) =>
    importsOf(readFileSync(file, "utf8")).map((specifier) => ({ file, specifier, used: packageOf(specifier) })),
  );

  test("imports only the packages of its row", () => {
    const strays = uses
      .filter(({ used }) => used !== undefined && folderOf.has(used))
      .filter(({ used }) => !table.get(folder)!.includes(folderOf.get(used!)!))
      .map(({ file, specifier }) => `${relative(root, file)} imports ${specifier}`);
    expect(strays).toEqual([]);
  });

  test("reaches into no other package's files", () => {
    const strays = uses
      .filter(({ specifier }) => specifier.startsWith("."))
      .filter(({ file, specifier }) =>
        relative(join(directory, "src"), resolve(dirname(file), specifier)).startsWith(".."),
      )
      .map(({ file, specifier }) => `${relative(root, file)} imports ${specifier}`);
    expect(strays).toEqual([]);
  });

  test("declares every package that it imports", () => {
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    const strays = uses
      .filter(({ used }) => used !== undefined && !declared.has(used))
      .map(({ file, specifier }) => `${relative(root, file)} imports ${specifier}`);
    expect(strays).toEqual([]);
  });

  test("declares no package of the house that it does not import", () => {
    const imported = new Set(uses.map(({ used }) => used));
    expect(internalDependencies(manifest, packages).filter((name) => !imported.has(name))).toEqual([]);
  });
});

describe("the reading of sources", () => {
  test("finds static, type, re-exported and dynamic imports, and none in comments or strings", () => {
    const source = [
      `import { a } from "one";`,
      `import type { B } from "two";`,
      `export * from "./three.ts";`,
      `const four = await import("@scope/four/deep");`,
      `type Five = import("five").Five;`,
      `// import "comment"`,
      `const text = 'import "string"';`,
    ].join("\n");
    expect(importsOf(source)).toEqual(["one", "two", "./three.ts", "@scope/four/deep", "five"]);
  });

  test("names the package of a specifier", () => {
    expect(["@filigree/core/deep", "zod", "zod/mini"].map(packageOf)).toEqual(["@filigree/core", "zod", "zod"]);
    for (const own of ["node:fs", "fs", "./file.ts", "#platform/file"]) expect(packageOf(own)).toBeUndefined();
  });
});

describe("the reading of the table", () => {
  const rows = (...lines: string[]) => ["| package | imports |", "|---|---|", ...lines, "", "text"].join("\n");

  test("reads rows until the table ends", () => {
    expect([...parseImportTable(rows("| a | – |", "| b | a |", "| c | a, b |"))]).toEqual([
      ["a", []],
      ["b", ["a"]],
      ["c", ["a", "b"]],
    ]);
  });

  test("refuses an arrow that points down, a package listed twice, and a document without a table", () => {
    expect(() => parseImportTable(rows("| a | b |", "| b | – |"))).toThrow('"a" imports "b", which is not above it');
    expect(() => parseImportTable(rows("| a | – |", "| a | – |"))).toThrow('"a" twice');
    expect(() => parseImportTable("no table")).toThrow("no table with the columns");
  });
});
