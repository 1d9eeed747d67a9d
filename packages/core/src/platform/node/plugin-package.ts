import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError, JsonValue } from "@filigree/sites";

/** What `import` gives. */
export interface ImportedModule {
  readonly default?: unknown;
}

/**
 * Finds the package that a file in a folder would import by a name. Nothing of it runs before what this returns is
 * called. (Node itself resolves an import only from the file that has it.)
 *
 * @throws InputError where it is not installed, its package.json is damaged, or it cannot be imported
 */
export async function findPackage(name: string, directory: string): Promise<() => Promise<ImportedModule>> {
  const entry = await entryOf(name, resolve(directory));
  return () => import(pathToFileURL(entry).href) as Promise<ImportedModule>;
}

async function entryOf(name: string, directory: string): Promise<string> {
  const folders = createRequire(join(directory, "anything.js")).resolve.paths(name) ?? [];
  for (const folder of folders) {
    const root = join(folder, name);
    const file = join(root, "package.json");
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const manifest = new Map(JsonValue.parse(text, file).entries());
    const [exports, main] = [manifest.get("exports"), manifest.get("main")];
    if (exports === undefined) return join(root, main?.text() ?? "index.js");
    const target = importTarget(exports.any());
    if (typeof target === "string" && isInside(target)) return join(root, target);
    throw new InputError({
      what: "the package cannot be imported",
      where: file,
      expected: `an entry "." in exports, such as "./dist/index.js"`,
    });
  }
  throw new InputError({
    what: `the package ${name} is not installed`,
    where: directory,
    hint: `npm install ${name} in that folder, or in one above it`,
  });
}

/** Whether a target of `exports` is a file of the package, as Node demands. */
function isInside(target: string): boolean {
  return target.startsWith("./") && !/[/\\](?:\.\.?|node_modules)(?:[/\\]|$)/u.test(target.slice(1));
}

/** What the `exports` of a package give for the package itself, as Node chooses it for an import. */
function importTarget(exports: unknown): unknown {
  if (Array.isArray(exports)) return exports.map(importTarget).find((target) => target !== undefined);
  if (typeof exports !== "object" || exports === null) return exports ?? undefined;
  const entries = Object.entries(exports);
  if (entries.some(([key]) => key.startsWith("."))) {
    return importTarget((exports as Record<string, unknown>)["."]);
  }
  for (const [condition, target] of entries) {
    if (!["node", "import", "module-sync", "default"].includes(condition)) continue;
    const found = importTarget(target);
    if (found !== undefined) return found;
  }
  return undefined;
}
