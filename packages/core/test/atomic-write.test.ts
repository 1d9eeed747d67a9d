import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomically } from "../src/index.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "filigree-write-"));
});
afterEach(async () => {
  await chmod(directory, 0o700);
  await rm(directory, { recursive: true });
});

test("writes text and bytes, makes folders, replaces what was there, and leaves nothing beside", async () => {
  const path = join(directory, "a", "b", "file.bin");
  await writeFileAtomically(path, "old and longer");
  await writeFileAtomically(path, Uint8Array.of(1, 2, 255));
  expect([...(await readFile(path))]).toEqual([1, 2, 255]);
  expect(await readdir(join(directory, "a", "b"))).toEqual(["file.bin"]);
});

test("a write that fails leaves the old file whole and nothing beside it", async () => {
  const path = join(directory, "taken");
  await mkdir(path);
  await writeFile(join(path, "inside"), "kept");
  await expect(writeFileAtomically(path, "new")).rejects.toThrow(/taken/);
  expect(await readdir(directory)).toEqual(["taken"]);
  expect(await readFile(join(path, "inside"), "utf8")).toBe("kept");
});

test("writes to one path at the same time leave one of them whole", async () => {
  const path = join(directory, "shared");
  const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000 + i));
  await Promise.all(texts.map((text) => writeFileAtomically(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(directory)).toEqual(["shared"]);
});
