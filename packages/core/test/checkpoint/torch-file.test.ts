import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, parseTorchTensors } from "../../src/index.ts";
import { fixture } from "../support/fixtures.ts";
import expected from "../fixtures/torch/expected.json" with { type: "json" };

const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture("torch", `${name}.pt`)));
const read = (name: string) => parseTorchTensors(bytesOf(name), `${name}.pt`);

type Expected = Record<string, { shape: number[]; values: number[] }>;

async function expectTensors(file: string, tensors: Expected): Promise<void> {
  const found = await read(file);
  expect([...found.keys()]).toEqual(Object.keys(tensors));
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    expect({ name, shape: found.get(name)!.shape }).toEqual({ name, shape });
    expect({ name, values: [...found.get(name)!.values] }).toEqual({ name, values: values.map(Math.fround) });
  }
}

describe("what torch.save writes is read as torch.load reads it", () => {
  test.each<[string, string, Expected]>([
    ["every element type, scalars and empty tensors", "dtypes", expected.dtypes],
    ["transposed, stepped, repeated and shared storages", "views", expected.views],
    ["the state dict of a module, with its buffers", "state_dict", expected.state_dict],
    ["a state dict that is kept beside other things", "wrapped", expected.state_dict],
    ["parameters", "parameters", expected.parameters],
    ["a pickle of protocol 4", "protocol4", expected.dtypes],
    ["deflated entries", "deflated", expected.dtypes],
    ["a zip64 archive", "zip64", expected.dtypes],
  ])("%s", (_, file, tensors) => expectTensors(file, tensors));

  test("with their types", async () => {
    const types = [...(await read("dtypes")).values()].map(({ type }) => type).join(" ");
    expect(types).toBe("F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL F16 F32 F32");
  });
});

describe("refuses, and runs nothing", () => {
  test.each<[string, () => Uint8Array, RegExp]>([
    ["an empty file", () => new Uint8Array(0), /the file is empty[^]*download it again/],
    ["another file", () => new TextEncoder().encode("<html>"), /not a file that torch\.save has written/],
    ["a file of an old PyTorch", () => bytesOf("legacy"), /before 1\.6[^]*weights_only=True/],
    ["a TorchScript program", () => bytesOf("script"), /TorchScript[^]*state_dict\(\)/],
    [
      "an object of a class",
      () => bytesOf("object"),
      /names "__main__\.Thing", which is not known and will not be run/,
    ],
    ["a call of os.system", () => bytesOf("trap"), /names "posix\.system", which is not known/],
    ["big-endian numbers", () => bytesOf("big_endian"), /byte order is "big"/],
    ["a file cut short", () => bytesOf("dtypes").subarray(0, 3000), /the end of the archive is missing/],
    ["a circuit, which is no dict of tensors", () => bytesOf("viz_data"), /no dict of tensors/],
    ["an encrypted entry", () => patched("dtypes", 8, 1), /"dtypes\/data\.pkl" is encrypted/],
    ["an entry packed otherwise", () => patched("dtypes", 10, 14), /packed by method 14/],
    ["an entry that unpacks to more than it says", () => patched("deflated", 24, 100), /more than its 100 bytes/],
    [
      "an entry that says to unpack to more",
      () => patched("deflated", 24, 60_000),
      /holds \d+ bytes in place of 60000/,
    ],
    ["a number changed", () => flipped("dtypes", "dtypes/data/0"), /"dtypes\/data\/0" is damaged: the checksum/],
    ["a pickle changed", () => flipped("deflated", "dtypes/data.pkl"), /data\.pkl" (?:cannot be unpacked|is damaged)/],
  ])("%s", async (_, bytes, message) => {
    await expect(parseTorchTensors(bytes(), "x.pt")).rejects.toThrow(message);
    await expect(parseTorchTensors(bytes(), "x.pt")).rejects.toThrow(InputError);
    await expect(parseTorchTensors(bytes(), "x.pt")).rejects.toThrow(/x\.pt/);
    expect(existsSync("trap-was-executed")).toBe(false);
  });

  /** A pickle as a file, its instructions given byte by byte or as text; `numbers` are the floats of storage 0. */
  const tensorOf = (offset: number, shape: number[], strides: number[], length = 4) =>
    new Uint8Array(
      zipped({
        "a/data.pkl": pickle({ offset, shape, strides, length }),
        "a/data/0": new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
      }),
    );

  test("views beyond their storage, and storages of another size", async () => {
    const good = await parseTorchTensors(tensorOf(1, [2], [2]), "x.pt");
    expect([...good.get("t")!.values]).toEqual([2, 4]);
    await expect(parseTorchTensors(tensorOf(1, [2], [3]), "x.pt")).rejects.toThrow(/reaches up to element 5/);
    await expect(parseTorchTensors(tensorOf(4, [1], [1]), "x.pt")).rejects.toThrow(/at most the 4 elements/);
    await expect(parseTorchTensors(tensorOf(0, [4], [1], 5), "x.pt")).rejects.toThrow(/16 bytes in place of 20/);
    await expect(parseTorchTensors(tensorOf(0, [1, 2], [1]), "x.pt")).rejects.toThrow(/number of strides/);
    await expect(parseTorchTensors(tensorOf(0, [0xffffff, 0xffffff], [0, 0]), "x.pt")).rejects.toThrow(/repeats/);
  });
});

describe("any bytes give a value or an InputError, in no time", () => {
  const settle = async (bytes: Uint8Array) => {
    const outcome = await parseTorchTensors(bytes, "x.pt").catch((error: unknown) => error);
    if (!(outcome instanceof InputError)) expect(outcome).toBeInstanceOf(Map);
  };
  const files = ["dtypes", "views", "deflated", "zip64", "state_dict", "protocol4"].map(bytesOf);

  test("bytes at random", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), settle));
  });

  test("real files with some bytes changed, or cut", async () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(), { freq: 4 }),
        async (file, changes, cut) => {
          const bytes = file.slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await settle(cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("whole archives around pickles at random, and around real ones with some bytes changed", async () => {
    const real = pickle({ offset: 0, shape: [2, 2], strides: [2, 1], length: 4 });
    const opcode = fc.constantFrom(...new Set(real), 0x94, 0x93, 0x8c, 0x75, 0x65, 0x61, 0x5d, 0x28, 0x62, 0x81, 0x52);
    const mutated = fc
      .array(fc.tuple(fc.nat(real.length - 1), fc.oneof(opcode, fc.integer({ min: 0, max: 255 }))), { maxLength: 4 })
      .map((changes) => {
        const bytes = Uint8Array.from(real);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const random = fc.array(opcode, { maxLength: 60 }).map((codes) => Uint8Array.of(0x80, 2, ...codes, 0x2e));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, random), (bytes) =>
        settle(zipped({ "a/data.pkl": bytes, "a/data/0": new Uint8Array(16) })),
      ),
      { numRuns: 1000 },
    );
  });
});

/** A pickle {"t": tensor over storage "0"}, written out. */
function pickle(t: { offset: number; shape: number[]; strides: number[]; length: number }): Uint8Array {
  const text = (value: string) => [0x58, value.length, 0, 0, 0, ...new TextEncoder().encode(value)];
  const int = (value: number) => [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)];
  const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74];
  const name = (module: string, member: string) => [0x63, ...new TextEncoder().encode(`${module}\n${member}\n`)];
  const storage = tuple(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), int(t.length));
  const call = (callee: number[], args: number[]) => [...callee, ...args, 0x52];
  const hooks = call(name("collections", "OrderedDict"), [0x29]);
  const view = [int(t.offset), tuple(...t.shape.map(int)), tuple(...t.strides.map(int)), [0x89], hooks];
  const tensor = call(name("torch._utils", "_rebuild_tensor_v2"), tuple([...storage, 0x51], ...view));
  return Uint8Array.of(0x80, 2, 0x7d, ...text("t"), ...tensor, 0x73, 0x2e);
}

/** A zip archive of stored entries, without checksums. */
function zipped(entries: Record<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const put = (list: Uint8Array[], ...fields: [value: number, bytes: 2 | 4][]) => {
    const bytes = new Uint8Array(fields.reduce((n, [, size]) => n + size, 0));
    const view = new DataView(bytes.buffer);
    let place = 0;
    for (const [value, size] of fields) {
      if (size === 2) view.setUint16(place, value, true);
      else view.setUint32(place, value, true);
      place += size;
    }
    list.push(bytes);
    return bytes.length;
  };
  for (const [name, data] of Object.entries(entries)) {
    const title = new TextEncoder().encode(name);
    const sizes: [number, 2 | 4][] = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [data.length, 4],
      [data.length, 4],
      [title.length, 2],
      [0, 2],
    ];
    put(directory, [0x02014b50, 4], [20, 2], [20, 2], ...sizes, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]);
    directory.push(title);
    at += put(parts, [0x04034b50, 4], [20, 2], ...sizes) + title.length + data.length;
    parts.push(title, data);
  }
  const length = directory.reduce((n, part) => n + part.length, 0);
  const count = Object.keys(entries).length;
  put(directory, [0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [at, 4], [0, 2]);
  return Uint8Array.from(Buffer.concat([...parts, ...directory]));
}

/** A fixture with two bytes at `field` of its directory's first entry changed. */
function patched(name: string, field: number, value: number): Uint8Array {
  const bytes = bytesOf(name);
  const view = new DataView(bytes.buffer);
  const directory = Buffer.from(bytes).indexOf(Buffer.of(0x50, 0x4b, 1, 2));
  view.setUint16(directory + field, value, true);
  return bytes;
}

/** A fixture with a bit changed in the middle of an entry's content. */
function flipped(name: string, entry: string): Uint8Array {
  const bytes = bytesOf(name);
  const view = new DataView(bytes.buffer);
  const header = Buffer.from(bytes).indexOf(entry) - 30;
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  bytes[start + 10]! ^= 4;
  return bytes;
}
