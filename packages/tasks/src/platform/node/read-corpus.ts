import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError, sha256 } from "@filigree/core";
import { jsonLines } from "../../corpus/json-lines.ts";
import { choosePaths, takingGlobs, type PathChoice } from "../../corpus/path-glob.ts";
import type { Corpus, CorpusOptions, SourceFile } from "../../corpus/source-file.ts";

/** Folders that never belong to a corpus: histories, packages that happen to be installed, compiled leftovers. */
const NEVER = new Set([".git", "__pycache__", "node_modules", "site-packages"]);

/**
 * Reads the text files below some folders that globs choose. Left out are texts that are empty or that came before, and
 * files that are not UTF-8, which are named. A byte order mark is dropped.
 *
 * @throws InputError where a root is not a folder, a glob takes no file, a line of JSON Lines holds no text, or no text
 * remains.
 */
export function readCorpus({ roots, files: globs, textKey = "text" }: CorpusOptions): Corpus {
  const where = roots.join(", ");
  const choice = choosePaths(globs, where);
  const found = roots.map((root) => ({ root, paths: filesOf(root, choice) }));
  refuseIdle(globs, choice, found);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const seen = new Set<string>();
  const files: SourceFile[] = [];
  const notUtf8: string[] = [];
  const add = (file: SourceFile) => {
    const content = sha256().update(file.text).hex();
    if (file.text !== "" && !seen.has(content)) files.push(file);
    seen.add(content);
  };
  for (const { root, paths } of found) {
    for (const path of paths) {
      const bytes = readFileSync(join(root, path));
      if (path.endsWith(".jsonl")) {
        for (const { line, text } of jsonLines(bytes, textKey, join(root, path)))
          add({ path: `${path}:${line}`, text });
        continue;
      }
      try {
        add({ path, text: decoder.decode(bytes) });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
        // Source in an old encoding, or data under a source file's name.
        notUtf8.push(path);
      }
    }
  }
  if (files.length > 0) return { files, notUtf8 };
  throw new InputError({
    what: notUtf8.length === 0 ? "the files hold no text" : `none of the ${notUtf8.length} files is UTF-8 text`,
    where,
  });
}

function filesOf(root: string, choice: PathChoice): string[] {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError({ what: "not a folder", where: root, expected: "a folder of text or source files" });
  }
  return listPaths(root, "", choice).sort();
}

function listPaths(root: string, folder: string, choice: PathChoice): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NEVER.has(entry.name) || choice.skips(path) ? [] : listPaths(root, path, choice);
    return entry.isFile() && choice.takers(path).length > 0 ? [path] : [];
  });
}

/** A glob or a folder that gives nothing is a slip of the pen. */
function refuseIdle(
  globs: readonly string[],
  choice: PathChoice,
  found: readonly { readonly root: string; readonly paths: readonly string[] }[],
): void {
  const hint = "globs are matched against whole paths below the folder: **/*.py takes those in subfolders too";
  const used = new Set(found.flatMap(({ paths }) => paths.flatMap((path) => choice.takers(path))));
  const idle = takingGlobs(globs).find((glob) => !used.has(glob));
  const where = found.map(({ root }) => root).join(", ");
  if (idle !== undefined) throw new InputError({ what: `the glob "${idle}" takes no file`, where, hint });
  const empty = found.find(({ paths }) => paths.length === 0);
  if (empty) throw new InputError({ what: "no glob takes a file of this folder", where: empty.root, hint });
}
