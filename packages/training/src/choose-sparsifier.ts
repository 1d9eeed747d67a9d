import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { checkOptions, InputError } from "@filigree/core";
import { checkSparsifier, findSparsifier, SparsifierError, type Sparsifier } from "@filigree/sparsifiers";

/** A sparsifier with its options checked and filled in. */
export interface ChosenSparsifier {
  readonly plugin: Sparsifier;
  readonly options: unknown;
}

/** Packages that hold a sparsifier as their default export. */
const PACKAGE_NAME = /^(@[a-z0-9][\w.-]*\/)?filigree-sparsifier-[a-z0-9][\w.-]*$/u;

/**
 * The sparsifier that a configuration names: a built-in one, one of those given, or that of a package.
 *
 * @param baseDirectory where packages are looked for: the configuration's folder
 * @throws InputError for an unknown name, a package that is not there or holds none, and wrong options
 * @throws SparsifierError for a package that throws
 */
export async function chooseSparsifier(
  { name, options }: { readonly name: string; readonly options: unknown },
  baseDirectory: string,
  given: readonly Sparsifier[] = [],
): Promise<ChosenSparsifier> {
  const loaded = PACKAGE_NAME.test(name) ? await loadPackage(name, baseDirectory) : undefined;
  const plugin = loaded ? findSparsifier(loaded.name, [...given, loaded]) : findSparsifier(name, given);
  const id = `${plugin.name}@${plugin.version}`;
  try {
    return { plugin, options: await checkOptions(plugin.options, options, id) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SparsifierError(id, `failed while it checked its options: ${reason}`, error);
  }
}

async function loadPackage(name: string, baseDirectory: string): Promise<Sparsifier> {
  const entry = await entryOf(name, resolve(baseDirectory));
  const load = async () => (await import(pathToFileURL(entry).href)) as { readonly default?: unknown };
  const module = await load().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SparsifierError(name, `failed while it was loaded: ${reason}`, error);
  });
  return checkSparsifier(module.default, `the default export of ${name}`);
}

/** The file that `import name` would load in a folder. Node resolves imports only from the file that has them. */
async function entryOf(name: string, directory: string): Promise<string> {
  const folders = createRequire(join(directory, "config.json")).resolve.paths(name) ?? [];
  for (const folder of folders) {
    const root = join(folder, name);
    const text = await readFile(join(root, "package.json"), "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const { exports, main } = JSON.parse(text) as { exports?: unknown; main?: unknown };
    const target = exports === undefined ? (main ?? "index.js") : importTarget(exports);
    if (typeof target === "string") return join(root, target);
    throw new InputError({ what: "the package cannot be imported", where: root, expected: `an entry "." in exports` });
  }
  throw new InputError({
    what: `the package ${name} is not installed`,
    where: directory,
    hint: `npm install ${name} in that folder, or in one above it`,
  });
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
