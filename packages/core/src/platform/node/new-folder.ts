import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "@filigree/sites";

/** @throws InputError where there is something at the path that is not an empty folder. */
export async function requireEmpty(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return;
  if (found.isDirectory() && (await readdir(path)).length === 0) return;
  const what = found.isDirectory() ? "this folder is not empty" : "this is a file";
  throw new InputError({ what, where: path, expected: "a folder to make, or an empty one" });
}

/** Makes a folder whole or not at all: under a temporary name beside it, then renamed. Makes missing folders above. */
export async function writeFolderAtomically(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await write(temporary);
    // An empty folder gives way to the new one.
    await rmdir(target).catch(() => {});
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
