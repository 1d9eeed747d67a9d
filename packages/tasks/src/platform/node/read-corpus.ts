import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError, sha256 } from "@filigree/core";
import type { CorpusOptions, SourceFile } from "../../corpus/source-file.ts";

/** Folders that never belong to a corpus: packages that happen to be installed, compiled leftovers. */
const NEVER = ["site-packages", "__pycache__"];

/**
 * Reads the text files below a folder, sorted by path (by code unit, so equal on every machine). Files that are empty,
 * that are not UTF-8, or whose content an earlier path already has, are left out. A byte order mark is dropped.
 *
 * @throws InputError where the root is not a folder or no file remains.
 */
export function readCorpus(options: CorpusOptions): SourceFile[] {
  const { root, extensions } = options;
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError({ what: "not a folder", where: root, expected: "a folder of source files" });
  }
  const excluded = new Set([...NEVER, ...(options.exclude ?? [])]);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const seen = new Set<string>();
  const files: SourceFile[] = [];
  for (const path of listPaths(root, "", extensions, excluded).sort()) {
    const bytes = readFileSync(join(root, path));
    const content = sha256().update(bytes).hex();
    if (bytes.length === 0 || seen.has(content)) continue;
    seen.add(content);
    try {
      files.push({ path, text: decoder.decode(bytes) });
    } catch {
      // Not UTF-8: source in an old encoding, or data under a source file's name.
    }
  }
  if (files.length === 0) {
    const expected = `files ending in ${extensions.join(", ")}`;
    throw new InputError({
      what: "no text files",
      where: root,
      expected,
      hint: "give another folder or other extensions",
    });
  }
  return files;
}

function listPaths(
  root: string,
  folder: string,
  extensions: readonly string[],
  excluded: ReadonlySet<string>,
): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (excluded.has(entry.name)) return [];
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listPaths(root, path, extensions, excluded);
    return entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension)) ? [path] : [];
  });
}
