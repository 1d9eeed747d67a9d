import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, test } from "vitest";
import { listFiles, root } from "../house/workspace.ts";

const LONGEST = 400;
// The brackets keep this file from finding itself.
const LEFT_OVER = /\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/;
const UNRUN = /\b(?:test|it|describe|suite|bench)\.(?:skip|only|todo|fails)\b/;

const sources = listFiles(root, /\.(?:ts|mts|mjs|js|sh|as)$/).map((file) => ({
  path: relative(root, file),
  lines: readFileSync(file, "utf8").trimEnd().split("\n"),
}));

/** `path:line: text` of every line that matches. */
function linesMatching(pattern: RegExp): string[] {
  return sources.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe("source files", () => {
  test("are found", () => {
    expect(sources.map(({ path }) => path)).toContain("tools/test/source-files.test.ts");
  });

  test(`have at most ${LONGEST} lines`, () => {
    const long = sources.filter(({ lines }) => lines.length > LONGEST);
    expect(long.map(({ path, lines }) => `${path}: ${lines.length} lines`)).toEqual([]);
  });

  test("hold no left-over marks", () => {
    expect(linesMatching(LEFT_OVER)).toEqual([]);
  });

  test("leave no test out", () => {
    expect(linesMatching(UNRUN)).toEqual([]);
  });
});
