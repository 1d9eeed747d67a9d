import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "filigree-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The paths of all files below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** A file or folder beside the tests. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));
}

/** Every file below a folder with what it holds. */
export function contentsOf(folder: string): [string, string][] {
  return filesIn(folder).map((path) => [path, readFileSync(join(folder, path), "latin1")]);
}

/** A folder with the compiled quote program in `model`, its task, and rows to run. */
export function quoteFolder(): string {
  const folder = emptyFolder();
  cpSync(fixture("close-quote"), folder, { recursive: true });
  writeFileSync(join(folder, "rows.json"), "[[6,0,3]]");
  return folder;
}
