import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "@filigree/core";
import { hashCorpus, readCorpus } from "../../src/index.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "filigree-corpus-"))));
afterEach(() => rmSync(root, { recursive: true }));

const write = (path: string, contents: string | Uint8Array): void => {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), contents);
};
const paths = (exclude: string[] = []): string[] =>
  readCorpus({ root, extensions: [".py"], exclude }).map((file) => file.path);

describe("readCorpus", () => {
  it("lists the files of the wanted kinds by path, folders and all", () => {
    for (const path of ["b.py", "a/z.py", "a.py", "B.py", "a/y/x.py", "notes.txt"]) write(path, `text of ${path}`);
    expect(paths()).toEqual(["B.py", "a.py", "a/y/x.py", "a/z.py", "b.py"]);
    expect(readCorpus({ root, extensions: [".txt", ".md"] })).toEqual([
      { path: "notes.txt", text: "text of notes.txt" },
    ]);
  });

  it("leaves out installed packages, compiled leftovers and what it is told to", () => {
    for (const path of ["site-packages/a.py", "x/__pycache__/b.py", "x/tests/c.py", "x/d.py"]) write(path, path);
    expect(paths()).toEqual(["x/d.py", "x/tests/c.py"]);
    expect(paths(["tests"])).toEqual(["x/d.py"]);
  });

  it("leaves out empty files, files that are not UTF-8, and repeated contents", () => {
    write("empty.py", "");
    write("latin.py", Uint8Array.of(0x63, 0xe9));
    write("one.py", "same");
    write("two.py", "same");
    write("mark.py", "\ufeffmarked");
    expect(readCorpus({ root, extensions: [".py"] })).toEqual([
      { path: "mark.py", text: "marked" },
      { path: "one.py", text: "same" },
    ]);
  });

  it("does not follow links", () => {
    write("a.py", "a");
    symlinkSync(root, join(root, "loop"));
    expect(paths()).toEqual(["a.py"]);
  });

  it("refuses a folder that does not exist or has no such file", () => {
    write("a.txt", "a");
    expect(() => readCorpus({ root: join(root, "missing"), extensions: [".py"] })).toThrow(InputError);
    expect(() => readCorpus({ root: join(root, "a.txt"), extensions: [".txt"] })).toThrow(/not a folder/u);
    expect(() => readCorpus({ root, extensions: [".py"] })).toThrow(/no text files/u);
  });
});

describe("hashCorpus", () => {
  it("tells any change of a path or a text", () => {
    const files = [
      { path: "a", text: "b" },
      { path: "c", text: "" },
    ];
    const others = [
      [{ path: "a", text: "b" }],
      [files[1]!, files[0]!],
      [
        { path: "a", text: "bc" },
        { path: "", text: "" },
      ],
      [{ path: "ab", text: "" }, files[1]!],
    ];
    expect(hashCorpus([...files])).toBe(hashCorpus(files));
    expect(new Set([files, ...others].map(hashCorpus)).size).toBe(5);
  });
});
