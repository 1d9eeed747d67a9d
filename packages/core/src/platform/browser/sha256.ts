import { sha256 as plain } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { sha256 as onNode } from "../node/sha256.ts";

/** The browser's own has no parts, and only pages served over https have it. */
export const sha256: typeof onNode = () => {
  const hash = plain.create();
  return {
    update(part) {
      hash.update(typeof part === "string" ? utf8ToBytes(part) : part);
      return this;
    },
    hex: () => bytesToHex(hash.digest()),
  };
};
