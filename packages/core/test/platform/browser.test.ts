import { createHash } from "node:crypto";
import { crc32 as zlibCrc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeFileAtomically } from "../../src/platform/browser/atomic-write.ts";
import { crc32, inflate } from "../../src/platform/browser/inflate.ts";
import { readFileBytes } from "../../src/platform/browser/read-file.ts";
import { sha256 } from "../../src/platform/browser/sha256.ts";
import { DamagedStream } from "../../src/platform/damaged-stream.ts";

// The browser's versions of what Node brings, where they need no page; browser.e2e.test.ts runs the others in one.

const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 });

test("sha256 of parts is that of Node", () => {
  fc.assert(
    fc.property(parts, fc.string({ unit: "grapheme" }), (bytes, text) => {
      const [ours, nodes] = [sha256().update(text), createHash("sha256").update(text)];
      for (const part of bytes) {
        ours.update(part);
        nodes.update(part);
      }
      return ours.hex() === nodes.digest("hex");
    }),
  );
});

test("crc32 of parts is that of zlib", () => {
  fc.assert(
    fc.property(parts, (bytes) => {
      expect(bytes.reduce((crc, part) => crc32(part, crc), 0)).toBe(zlibCrc32(Buffer.concat(bytes)));
    }),
  );
});

describe("inflate", () => {
  async function* inParts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size));
  }

  async function unpacked(packed: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of inflate(packed)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  test("gives back what was deflated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 500 }), async (bytes, size) => {
        expect([...(await unpacked(inParts(deflateRawSync(bytes), size)))]).toEqual([...bytes]);
      }),
      { numRuns: 30 },
    );
  });

  test("refuses bytes that are damaged or end early, and passes on a fault of their source", async () => {
    const packed = deflateRawSync(Buffer.from("to be unpacked, to be unpacked"));
    await expect(unpacked(inParts(Uint8Array.of(7, 7, 7, 7), 4))).rejects.toThrow(DamagedStream);
    await expect(unpacked(inParts(packed.subarray(0, 10), 4))).rejects.toThrow(DamagedStream);
    const fault = new Error("the network is gone");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* inParts(packed.subarray(0, 10), 4);
      throw fault;
    }
    await expect(unpacked(broken())).rejects.toBe(fault);
  });

  test("leaves its source when no more is wanted", async () => {
    let left = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        // Blocks of one stored byte, none of them the last.
        for (;;) yield Uint8Array.of(0, 1, 0, 0xfe, 0xff, 42);
      } finally {
        left = true;
      }
    }
    for await (const piece of inflate(endless())) {
      expect(piece[0]).toBe(42);
      break;
    }
    expect(left).toBe(true);
  });
});

test("writing to a disk and reading one at once are refused, and what to do is said", async () => {
  await expect(writeFileAtomically("notes.txt", "")).rejects.toThrow(
    /no folders to write "notes\.txt".*make the bytes/u,
  );
  expect(() => readFileBytes("notes.txt")).toThrow(/cannot read notes\.txt at once/u);
});
