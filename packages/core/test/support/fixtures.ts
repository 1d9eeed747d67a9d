import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors } from "../../src/index.ts";
import type { SafetensorsFile } from "../../src/index.ts";

/** The path of a folder of fixtures/. */
export function fixture(...path: string[]): string {
  return join(fileURLToPath(new URL("../fixtures", import.meta.url)), ...path);
}

export function readTensors(path: string): SafetensorsFile["tensors"] {
  return parseSafetensors(readFileSync(path), path).tensors;
}
