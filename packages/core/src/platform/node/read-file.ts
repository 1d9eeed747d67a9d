import { readFileSync } from "node:fs";

/** The bytes of a file, at once. */
export function readFileBytes(path: string): Uint8Array {
  return readFileSync(path);
}
