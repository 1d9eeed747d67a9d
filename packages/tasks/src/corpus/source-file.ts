import { sha256 } from "@filigree/core";

/** One text file of a corpus. */
export interface SourceFile {
  /** Path below the corpus's root, with `/` between its parts. */
  readonly path: string;
  readonly text: string;
}

export interface CorpusOptions {
  /** Folder to read, with all its subfolders. Links are not followed. */
  readonly root: string;
  /** File name endings to take, such as `.py`. */
  readonly extensions: readonly string[];
  /** Names of folders or files to leave out wherever they occur, beside `site-packages` and `__pycache__`. */
  readonly exclude?: readonly string[];
}

/** sha256 over paths and contents, in hexadecimal: equal exactly where the files are equal. */
export function hashCorpus(files: readonly SourceFile[]): string {
  const hash = sha256().update("filigree.corpus/1\n");
  for (const { path, text } of files) hash.update(JSON.stringify([path, text])).update("\n");
  return hash.hex();
}
