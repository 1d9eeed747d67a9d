import { createHash } from "node:crypto";
import type { Sha256 } from "../sha256.ts";

/** Begins a sha256. */
export function sha256(): Sha256 {
  const hash = createHash("sha256");
  return {
    update(part) {
      hash.update(part);
      return this;
    },
    hex: () => hash.digest("hex"),
  };
}
