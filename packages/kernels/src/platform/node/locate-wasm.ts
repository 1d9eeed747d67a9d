import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

/** Where tfjs's `.wasm` files lie unless somebody says so: in its package. */
export function locateWasm(): string {
  return dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep;
}
