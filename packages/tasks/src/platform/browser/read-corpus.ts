import type { readCorpus as onNode } from "../node/read-corpus.ts";

/** @throws Error always. */
export const readCorpus: typeof onNode = ({ roots }) => {
  throw new Error(`A browser has no folder "${roots.join(", ")}" to read.`);
};
