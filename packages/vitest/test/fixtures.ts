import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A compiled program that closes quotes: its model, its task, and true and wrong claims about it. */
const PROGRAM = fileURLToPath(new URL("../../cli/test/fixtures/close-quote", import.meta.url));

/** A folder with the program and one more file, gone after the test. */
export function programFolder(file = "mine.circuit", ...claims: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "filigree-vitest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(PROGRAM, folder, { recursive: true });
  const header = [`circuit "Mine"`, `model "./model"`, `task "./task.jsonl"`, "examples 64"];
  writeFileSync(join(folder, file), [...header, ...claims, ""].join("\n"));
  return folder;
}
