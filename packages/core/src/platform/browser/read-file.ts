import type { readFileBytes as onNode } from "../node/read-file.ts";

/** @throws Error always: what a browser fetches comes later. */
export const readFileBytes: typeof onNode = (path) => {
  throw new Error(`a browser cannot read ${path} at once`);
};
