import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "@filigree/sites";
import { prunerName } from "./pruner-name.ts";
import { filledTemplate } from "./template.ts";

/** A package that was begun. */
export interface Scaffold {
  readonly package: string;
  /** Its folder, within the one that it was made in. */
  readonly folder: string;
  /** Paths within it, in order. */
  readonly files: readonly string[];
}

/**
 * Begins a package with a small pruner that works, its test, a README and a workflow. The folder appears whole or not at
 * all.
 *
 * @param text the name of the pruner, or of the package
 * @param parent where the package's folder is made
 * @throws InputError for a name that cannot be one, and where there is something already
 */
export async function scaffoldPruner(text: string, parent: string): Promise<Scaffold> {
  const name = prunerName(text);
  const target = join(parent, name.folder);
  await requireNothing(target);
  const files = await filledTemplate(name);
  const temporary = join(parent, `.${name.folder}.${randomUUID()}.tmp`);
  try {
    for (const [path, contents] of files) {
      await mkdir(dirname(join(temporary, path)), { recursive: true });
      await writeFile(join(temporary, path), contents);
    }
    // An empty folder gives way to the new one.
    await rmdir(target).catch(() => {});
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  return { package: name.package, folder: name.folder, files: [...files.keys()] };
}

async function requireNothing(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found || (found.isDirectory() && (await readdir(path)).length === 0)) return;
  const what = found.isDirectory() ? "this folder is not empty" : "this is a file";
  throw new InputError({ what, where: path, expected: "a folder to make, or an empty one" });
}
