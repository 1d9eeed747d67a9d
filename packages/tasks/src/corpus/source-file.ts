import { sha256 } from "@filigree/core";

/** One text of a corpus: a file, or a line of a JSON Lines file. */
export interface SourceFile {
  /** Path below its folder, with `/` between its parts; of a line of JSON Lines, `path:line`. */
  readonly path: string;
  readonly text: string;
}

export interface CorpusOptions {
  /** Folders to read, one after the other, with all their subfolders. Links are not followed. */
  readonly roots: readonly string[];
  /**
   * Globs of paths below a folder, such as `notes/*.txt`; one that begins with `!` leaves out. Files that end in
   * `.jsonl` are JSON Lines. `.git`, `__pycache__`, `node_modules` and `site-packages` are never entered.
   */
  readonly files: readonly string[];
  /** The key that holds the text in each line of JSON Lines. Default: `text`. */
  readonly textKey?: string | undefined;
}

/** What was read. */
export interface Corpus {
  /** Folder by folder, sorted by path (by code unit, so equal on every machine); lines in their order. */
  readonly files: readonly SourceFile[];
  /** Paths of files that were left out because they are not UTF-8 text. */
  readonly notUtf8: readonly string[];
}

/** sha256 over paths and contents, in hexadecimal: equal exactly where the files are equal. */
export function hashCorpus(files: readonly SourceFile[]): string {
  const hash = sha256().update("filigree.corpus/1\n");
  for (const { path, text } of files) hash.update(JSON.stringify([path, text])).update("\n");
  return hash.hex();
}
