import { sha256 } from "@filigree/core";
import type { SourceFile } from "./source-file.ts";

/** A file of a corpus, and whether it is kept out of training. */
export interface CorpusFile extends SourceFile {
  readonly heldOut: boolean;
}

/** One file in so many is held out. */
const ONE_IN = 20;

/**
 * Whether the file at a path (below the corpus's root) is kept out of training: decided by the path alone, so it stays
 * the same when other files come or go.
 */
export function isHeldOut(path: string): boolean {
  const hash = sha256().update(`filigree-held-out/${path}`).hex();
  return Number.parseInt(hash.slice(0, 8), 16) % ONE_IN === 0;
}

/** Marks about one file in twenty as held out, by {@link isHeldOut}. */
export function splitCorpus(files: readonly SourceFile[]): CorpusFile[] {
  return files.map((file) => ({ ...file, heldOut: isHeldOut(file.path) }));
}

/**
 * For a corpus of so few files that no path is held out: marks the last twentieth of each file, from a line's beginning
 * where there is one near, as held out.
 */
export function holdOutEnds(files: readonly SourceFile[]): CorpusFile[] {
  return files.flatMap(({ path, text }) => {
    const end = text.length - Math.ceil(text.length / ONE_IN);
    const line = text.lastIndexOf("\n", end - 1) + 1;
    const cut = line > end / 2 ? line : end;
    return [
      { path, text: text.slice(0, cut), heldOut: false },
      { path, text: text.slice(cut), heldOut: true },
    ].filter((part) => part.text !== "");
  });
}
