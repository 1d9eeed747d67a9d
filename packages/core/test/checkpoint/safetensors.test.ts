import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatSafetensors,
  fromFloat32,
  InputError,
  parseSafetensors,
  toFloat32,
  type ElementType,
  type StoredTensor,
} from "../../src/index.ts";
import { bits } from "../support/tiny-model.ts";

const ELEMENT_BYTES: Record<ElementType, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

const stored: fc.Arbitrary<StoredTensor> = fc
  .record({
    type: fc.constantFrom(...(Object.keys(ELEMENT_BYTES) as ElementType[])),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
  })
  .chain(({ type, shape }) => {
    const length = shape.reduce((n, size) => n * size, 1) * ELEMENT_BYTES[type];
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ type, shape, bytes: Uint8Array.from(bytes) }));
  });
const names = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => !["__metadata__", "__proto__"].includes(name));
const files = fc.uniqueArray(fc.tuple(names, stored), { maxLength: 5, selector: ([name]) => name });

function plain(tensors: ReadonlyMap<string, StoredTensor>) {
  return [...tensors]
    .map(([name, { type, shape, bytes }]) => ({ name, type, shape: [...shape], bytes: [...bytes] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A file with a header of our making. */
function file(header: unknown, data: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const float32 = (shape: number[], ...data_offsets: number[]) => ({ dtype: "F32", shape, data_offsets });

test("a file is read as it was written, and its data starts on eight bytes", () => {
  fc.assert(
    fc.property(files, fc.dictionary(names, fc.string()), (tensors, metadata) => {
      const bytes = formatSafetensors(new Map(tensors), metadata);
      const back = parseSafetensors(bytes, "x.safetensors");
      expect(plain(back.tensors)).toEqual(plain(new Map(tensors)));
      expect(back.metadata).toEqual({ ...metadata });
      expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
    }),
  );
});

test("a file cut anywhere is refused as input, never read short", () => {
  fc.assert(
    fc.property(files, fc.nat(), (tensors, where) => {
      const bytes = formatSafetensors(new Map(tensors), { format: "test" });
      const cut = bytes.subarray(0, where % bytes.length);
      expect(() => parseSafetensors(cut, "x.safetensors")).toThrow(InputError);
      expect(() => parseSafetensors(cut, "x.safetensors")).toThrow(/x\.safetensors/);
    }),
    { numRuns: 200 },
  );
});

test("a tensor may lie anywhere in the file's memory, on odd addresses too", () => {
  const bytes = formatSafetensors(new Map([["w", fromFloat32(Float32Array.of(1.5, -2), [2])]]));
  const moved = new Uint8Array(bytes.length + 3);
  moved.set(bytes, 3);
  const { tensors } = parseSafetensors(moved.subarray(3), "x");
  expect([...toFloat32(tensors.get("w")!)]).toEqual([1.5, -2]);
});

describe("refuses with a reason", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["an empty file", new Uint8Array(0), /truncated: 0 bytes/],
    ["half of the header's length", new Uint8Array(7), /truncated: 7 bytes/],
    ["a text file", new TextEncoder().encode("this is no tensor file"), /not a safetensors file/],
    ["a header cut short", file({ a: float32([1], 0, 4) }, 4).subarray(0, 20), /truncated inside its header/],
    ["a header that is not JSON", file("{]", 0), /\(header\): not JSON/],
    ["a header that is a list", file("[]", 0), /\(header\)/],
    ["a type that is not read", file({ a: { ...float32([1], 0, 8), dtype: "C64" } }, 8), /a\.dtype.*"C64"/],
    ["a missing key", file({ a: { dtype: "F32", shape: [1] } }, 4), /"data_offsets" is missing/],
    ["an unknown key", file({ a: { ...float32([1], 0, 4), stride: 1 } }, 4), /unknown key "stride"/],
    ["a negative size", file({ a: float32([-1], 0, 4) }, 4), /a\.shape\[0\]/],
    ["one offset", file({ a: float32([1], 0) }, 4), /"a" has 0 bytes/],
    ["offsets that do not fit the shape", file({ a: float32([2], 0, 4) }, 4), /"a" has 4 bytes[^]*8 for its shape/],
    ["offsets backwards", file({ a: float32([1], 4, 0) }, 4), /"a" has -4 bytes/],
    ["data that is missing", file({ a: float32([2], 0, 8) }, 4), /truncated: the data of "a"/],
    ["an overlap", file({ a: float32([2], 0, 8), b: float32([1], 4, 8) }, 8), /"b" overlaps another tensor/],
    ["a gap", file({ a: float32([1], 0, 4), b: float32([1], 8, 12) }, 12), /"b" follows a gap/],
    ["bytes after the last tensor", file({ a: float32([1], 0, 4) }, 7), /3 bytes follow the last tensor/],
  ])("%s", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, "x.safetensors")).toThrow(message);
    expect(() => parseSafetensors(bytes, "x.safetensors")).toThrow(InputError);
  });
});

describe("element types", () => {
  const read = (type: ElementType, ...halves: number[]) => {
    const bytes = new Uint8Array(Uint16Array.from(halves).buffer);
    return toFloat32({ type, shape: [bytes.length / ELEMENT_BYTES[type]], bytes });
  };

  test("F32 keeps every bit but the payload of NaN", () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true }), (values) => {
        expect(bits(toFloat32(fromFloat32(values, [values.length])))).toEqual(bits(values));
      }),
    );
  });

  test("F16: normal, subnormal, largest, infinite, signed zero, NaN", () => {
    const values = read("F16", 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x83ff, 0x7c00, 0xfc00, 0x8000, 0x7e00);
    const expected = [1, -2, 0.333251953125, 65504, 2 ** -14, 2 ** -24, -1023 * 2 ** -24, Infinity, -Infinity, -0, NaN];
    expect([...values]).toEqual(expected);
  });

  test("BF16 is the upper half of a float32", () => {
    const values = read("BF16", 0x3f80, 0xc000, 0x3eab, 0x7f7f, 0x0001, 0x7f80, 0x8000, 0x7fc0);
    const upper = (half: number) => new Float32Array(Uint32Array.of(half * 65536).buffer)[0];
    expect([...values]).toEqual([1, -2, upper(0x3eab), upper(0x7f7f), upper(1), Infinity, -0, NaN]);
  });

  test("whole numbers keep their values", () => {
    expect([...read("U16", 0, 65535)]).toEqual([0, 65535]);
    expect([...read("I32", 0xffff, 0xffff, 7, 0)]).toEqual([-1, 7]);
    expect([...read("I64", 0xfffe, 0xffff, 0xffff, 0xffff)]).toEqual([-2]);
    expect([...read("U8", 0xff01)]).toEqual([1, 255]);
  });
});
