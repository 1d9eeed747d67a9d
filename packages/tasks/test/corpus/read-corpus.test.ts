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
const read = (...files: string[]) => readCorpus({ roots: [root], files });
const paths = (...files: string[]): string[] => read(...files).files.map((file) => file.path);
const below = (...folders: string[]) => folders.map((folder) => join(root, folder));

describe("readCorpus", () => {
  it("lists the files that the globs take by path, folders and all, whatever the order of the globs", () => {
    for (const path of ["b.py", "a/z.py", "a.py", "B.py", "a/y/x.py", "notes.txt"]) write(path, `text of ${path}`);
    expect(paths("**/*.py")).toEqual(["B.py", "a.py", "a/y/x.py", "a/z.py", "b.py"]);
    expect(paths("*.txt", "a/**")).toEqual(["a/y/x.py", "a/z.py", "notes.txt"]);
    expect(read("*.txt").files).toEqual([{ path: "notes.txt", text: "text of notes.txt" }]);
  });

  it.each<[string[], string[]]>([
    [["*.py"], ["a.py", "ab.py"]],
    [["**"], ["a.py", "ab.py", "d/a.py", "d/e/c.txt"]],
    [["d/**"], ["d/a.py", "d/e/c.txt"]],
    [["**/a.py"], ["a.py", "d/a.py"]],
    [["./?.py"], ["a.py"]],
    [["**/*.{txt,md}"], ["d/e/c.txt"]],
    [["**/[a-b].py"], ["a.py", "d/a.py"]],
    [["**/[!a].*"], ["d/e/c.txt"]],
    [
      ["**/*.py", "*.py"],
      ["a.py", "ab.py", "d/a.py"],
    ],
    [
      ["**", "!**/a.py"],
      ["ab.py", "d/e/c.txt"],
    ],
    [
      ["**", "!d"],
      ["a.py", "ab.py"],
    ],
    [
      ["**", "!**/e/"],
      ["a.py", "ab.py", "d/a.py"],
    ],
  ])("the globs %j", (globs, expected) => {
    for (const path of ["a.py", "ab.py", "d/a.py", "d/e/c.txt"]) write(path, path);
    expect(paths(...globs)).toEqual(expected);
  });

  it("takes what a glob says to the letter", () => {
    for (const path of ["a+b.py", "aab.py", "a(b).py", "x.jpy", "x^.py"]) write(path, path);
    expect(paths("a+b.py")).toEqual(["a+b.py"]);
    expect(paths("a(b).py")).toEqual(["a(b).py"]);
    expect(paths("*.py")).toEqual(["a(b).py", "a+b.py", "aab.py", "x^.py"]);
    expect(paths("x[^].py")).toEqual(["x^.py"]);
  });

  it("reads folders one after the other", () => {
    for (const path of ["one/b.py", "one/same.py", "two/a.py", "two/also.py"]) write(path, path);
    write("one/same.py", "same");
    write("two/same.py", "same");
    const { files } = readCorpus({ roots: below("two", "one"), files: ["*.py"] });
    expect(files.map(({ path }) => path)).toEqual(["a.py", "also.py", "same.py", "b.py"]);
  });

  it("leaves out installed packages, histories and compiled leftovers", () => {
    for (const path of ["site-packages/a.py", "x/__pycache__/b.py", ".git/c.py", "node_modules/d/e.py", "x/d.py"])
      write(path, path);
    expect(paths("**/*.py")).toEqual(["x/d.py"]);
  });

  it("leaves out empty files and repeated contents, and names those that are not UTF-8", () => {
    write("empty.py", "");
    write("latin.py", Uint8Array.of(0x63, 0xe9));
    write("one.py", "same");
    write("two.py", "same");
    write("mark.py", "\ufeffmarked");
    expect(read("*.py")).toEqual({
      files: [
        { path: "mark.py", text: "marked" },
        { path: "one.py", text: "same" },
      ],
      notUtf8: ["latin.py"],
    });
  });

  it("does not follow links", () => {
    write("a.py", "a");
    symlinkSync(root, join(root, "loop"));
    expect(paths("**")).toEqual(["a.py"]);
  });

  it.each<[string[], RegExp]>([
    [["**/*.py", "**/*.pyx"], /: the glob "\*\*\/\*\.pyx" takes no file/u],
    [["**/*.py", "!**/a.py"], /: the glob "\*\*\/\*\.py" takes no file/u],
    [["!**/a.py"], /no glob says which files to take/u],
    [[], /no glob says which files to take/u],
    [["../*.py"], /the glob "\.\.\/\*\.py" leads out of the folder/u],
    [["/tmp/*.py"], /leads out of the folder/u],
    [["*.{py"], /has a "\{" without its "\}"/u],
    [["*.[py"], /has a "\[" without its "\]"/u],
    [["[z-a].py"], /a range of characters that runs backwards/u],
  ])("refuses the globs %j", (globs, message) => {
    write("a.py", "a");
    expect(() => read(...globs)).toThrow(InputError);
    expect(() => read(...globs)).toThrow(message);
  });

  it("refuses a folder that does not exist, or that gives nothing", () => {
    write("a/a.txt", "a");
    write("b/b.py", "");
    const files = ["*.txt"];
    expect(() => readCorpus({ roots: below("missing"), files })).toThrow(/missing: not a folder/u);
    expect(() => readCorpus({ roots: below("a/a.txt"), files })).toThrow(/not a folder/u);
    expect(() => readCorpus({ roots: below("a", "b"), files })).toThrow(/b: no glob takes a file of this folder/u);
    expect(() => readCorpus({ roots: below("b"), files: ["*.py"] })).toThrow(/the files hold no text/u);
    write("b/b.py", Uint8Array.of(0xff));
    expect(() => readCorpus({ roots: below("b"), files: ["*.py"] })).toThrow(/none of the 1 files is UTF-8 text/u);
  });
});

describe("JSON Lines", () => {
  it("gives a text a line, under the key that is asked for", () => {
    write(
      "a.jsonl",
      '{"text":"one","n":1}\n\n  {"text":"two"}\r\n{"text":""}\n{"text":"one"}\n{"text":"\\ud83d \\ud83d\\ude00"}',
    );
    expect(read("*.jsonl").files).toEqual([
      { path: "a.jsonl:1", text: "one" },
      { path: "a.jsonl:3", text: "two" },
      { path: "a.jsonl:6", text: "\ufffd \u{1f600}" },
    ]);
    write("a.jsonl", '{"body":"three","text":7}');
    const { files } = readCorpus({ roots: [root], files: ["*"], textKey: "body" });
    expect(files).toEqual([{ path: "a.jsonl:1", text: "three" }]);
  });

  it.each<[string | Uint8Array, RegExp]>([
    ['{"text":"a"}\n{"text":"b"', /a\.jsonl:2: not JSON/u],
    ['{"text":"a"}\n"b"', /a\.jsonl:2: the line is not an object/u],
    ['{"text":"a"}\n\n[]', /a\.jsonl:3: the line is not an object/u],
    ['{"text":"a"}\n{"txet":"b","id":1}', /a\.jsonl:2: the line has no "text"[^]*"txet", "id"[^]*did you mean "txet"/u],
    ["{}", /a\.jsonl:1: the line has no "text"[^]*no keys[^]*data\.text/u],
    ['{"text":["a"]}', /a\.jsonl:1: "text" is not a text/u],
    [Uint8Array.of(0x7b, 0x7d, 0x0a, 0xff), /a\.jsonl:1/u],
    [Uint8Array.of(0x0a, 0xff), /a\.jsonl:2: the line is not UTF-8 text/u],
  ])("refuses %j", (contents, message) => {
    write("a.jsonl", contents);
    expect(() => read("*.jsonl")).toThrow(InputError);
    expect(() => read("*.jsonl")).toThrow(message);
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
