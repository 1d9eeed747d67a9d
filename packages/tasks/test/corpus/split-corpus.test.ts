import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdOutEnds, isHeldOut, splitCorpus } from "../../src/index.ts";

describe("splitCorpus", () => {
  // Computed with Python's hashlib: the first four bytes of the sha256, big-endian, modulo 20.
  it.each([
    ["os.py", false],
    ["json/decoder.py", true],
    ["random.py", true],
    ["test/test_float.py", true],
    ["collections/__init__.py", true],
    ["été.py", false],
  ])("holds out by the hash of the path: %s", (path, heldOut) => {
    expect(isHeldOut(path)).toBe(heldOut);
  });

  it("decides about a file by its path alone", () => {
    const file = fc.record({ path: fc.string(), text: fc.string() });
    fc.assert(
      fc.property(fc.array(file), (files) => {
        for (const { path, text, heldOut } of splitCorpus(files)) {
          expect(splitCorpus([{ path, text: `${text}!` }])[0]!.heldOut).toBe(heldOut);
        }
        expect(splitCorpus(files).map(({ path, text }) => ({ path, text }))).toEqual(files);
      }),
    );
  });

  it("holds out about one file in twenty", () => {
    const files = Array.from({ length: 4000 }, (_, index) => ({ path: `folder/file${index}.py`, text: "" }));
    const share = splitCorpus(files).filter((file) => file.heldOut).length / files.length;
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.06);
  });
});

describe("holdOutEnds", () => {
  it("keeps every character, and holds out about a twentieth of each file", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ path: fc.string(), text: fc.string({ minLength: 1, maxLength: 300 }) })),
        (files) => {
          for (const file of files) {
            const parts = holdOutEnds([file]);
            expect(parts.map(({ text }) => text).join("")).toBe(file.text);
            expect(parts.at(-1)!.heldOut).toBe(true);
            const heldOut = parts.at(-1)!.text.length;
            expect(heldOut).toBeGreaterThanOrEqual(file.text.length / 20);
            expect(heldOut).toBeLessThanOrEqual(Math.max(1, 0.55 * file.text.length));
          }
        },
      ),
    );
  });

  it("cuts where a line begins", () => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join("");
    const [first, second] = holdOutEnds([{ path: "a", text }]);
    expect([first!.heldOut, second!.heldOut]).toEqual([false, true]);
    expect(second!.text.startsWith("line 9")).toBe(true);
  });
});
