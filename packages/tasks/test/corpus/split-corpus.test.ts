import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isHeldOut, splitCorpus } from "../../src/index.ts";

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
