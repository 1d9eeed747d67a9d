import { InputError, JsonValue } from "@filigree/sites";
import { joinBytes, readBytes, type ByteSource } from "./byte-source.ts";
import { decodeElements, ELEMENT_BYTES, encodeHalves, type ElementType } from "./element-types.ts";
import { elementsOf, PIECE_BYTES, type FileTensor, type TensorFile } from "./tensor-file.ts";

/** A tensor of a file, still as bytes. */
export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A header longer than this is not a header. */
const LONGEST_HEADER = 100_000_000;

/** Where a tensor's bytes lie, counted from the end of the header. */
interface Entry {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * Reads a safetensors file: u64 header length, JSON header, data. Nothing in it is executed.
 *
 * @throws InputError where the file is truncated, its tensors overlap or leave gaps, or a type is not read.
 */
export function parseSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, where);
  const { metadata, entries } = parseHeader(bytes.subarray(8, 8 + length), bytes.length - 8 - length, where);
  const data = bytes.subarray(8 + length);
  const tensors = [...entries].map(([name, { type, shape, start, end }]): [string, StoredTensor] => {
    return [name, { type, shape, bytes: data.subarray(start, end) }];
  });
  return { metadata, tensors: new Map(tensors) };
}

/** The same without the data, which is read when it is wanted: files may be larger than memory. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const { where, size } = source;
  const length = headerLength(await readBytes(source, 0, Math.min(8, size)), size, where);
  const { metadata, entries } = parseHeader(await readBytes(source, 8, length), size - 8 - length, where);
  const tensors = [...entries].map(([name, { type, shape, start, end }]): [string, FileTensor] => {
    const pieces = () => readPieces(source, type, 8 + length + start, 8 + length + end);
    return [name, { type, shape, pieces }];
  });
  return { where, metadata, tensors: new Map(tensors) };
}

async function* readPieces(
  source: ByteSource,
  type: ElementType,
  start: number,
  end: number,
): AsyncGenerator<Float32Array> {
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, end - start));
  for (let at = start; at < end; at += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, end - at));
    await source.read(at, part);
    yield decodeElements(type, part);
  }
}

const AGAIN = "copy or write the file again";

function fail(where: string, what: string, hint?: string): never {
  throw new InputError({ what, where, expected: "a whole safetensors file", hint });
}

/** @param size of the whole file */
function headerLength(start: Uint8Array, size: number, where: string): number {
  if (start.length < 8) return fail(where, `the file is truncated: ${size} bytes`, AGAIN);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > LONGEST_HEADER) return fail(where, "this is not a safetensors file: its header would not end");
  if (8 + length > size) return fail(where, "the file is truncated inside its header", AGAIN);
  return length;
}

/** @param dataLength how many bytes follow the header */
function parseHeader(bytes: Uint8Array, dataLength: number, where: string): Header {
  const header = JsonValue.parse(new TextDecoder().decode(bytes), `${where} (header)`);
  const entries = new Map<string, Entry>();
  const metadata: Record<string, string> = {};
  for (const [name, entry] of header.entries()) {
    if (name === "__metadata__") {
      for (const [key, value] of entry.entries()) metadata[key] = value.text();
      continue;
    }
    const { dtype, shape, data_offsets } = entry.object(["dtype", "shape", "data_offsets"]);
    const type = dtype.oneOf(...(Object.keys(ELEMENT_BYTES) as ElementType[]));
    const sizes = shape.array().map((size) => size.index());
    const [start, end] = data_offsets.array().map((offset) => offset.index());
    const wanted = elementsOf(sizes) * ELEMENT_BYTES[type];
    if (start === undefined || end === undefined || end - start !== wanted) {
      return entry.fail(`"${name}" has ${(end ?? 0) - (start ?? 0)} bytes`, `${wanted} for its shape and type`);
    }
    if (end > dataLength) return fail(where, `the file is truncated: the data of "${name}" is missing`, AGAIN);
    entries.set(name, { type, shape: sizes, start, end });
  }
  // The format wants every byte to belong to exactly one tensor.
  let at = 0;
  for (const [name, { start, end }] of [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (start !== at) fail(where, `the data of "${name}" ${start < at ? "overlaps another tensor" : "follows a gap"}`);
    at = end;
  }
  if (at < dataLength) fail(where, `${dataLength - at} bytes follow the last tensor`, AGAIN);
  return { metadata, entries };
}

/** Writes tensors in the order given, metadata first, data aligned to 8 bytes. */
export function formatSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return joinBytes(safetensorsParts(tensors, metadata));
}

/** The bytes of the file in order, the tensors' own not copied. */
export function safetensorsParts(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { type, shape, bytes }] of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  let text = JSON.stringify(header);
  while (new TextEncoder().encode(text).length % 8 !== 0) text += " ";
  const head = new TextEncoder().encode(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(head.length), true);
  return [length, head, ...[...tensors.values()].map(({ bytes }) => bytes)];
}

/** The values of a tensor as float32, in memory of their own. */
export function toFloat32({ type, bytes }: StoredTensor): Float32Array {
  return decodeElements(type, new Uint8Array(bytes));
}

/** float32 values as a stored tensor; the bytes are those of `values`, not a copy. */
export function fromFloat32(values: Float32Array, shape: readonly number[]): StoredTensor {
  return { type: "F32", shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** Values as a stored tensor of two bytes each, or undefined where some of them are no float16. */
export function fromHalves(values: Float32Array, shape: readonly number[]): StoredTensor | undefined {
  // Most tensors that are not of halves show it in their first values.
  for (const part of [values.subarray(0, 16), values]) {
    const bytes = new Uint8Array(encodeHalves(part).buffer);
    const back = decodeElements("F16", bytes);
    if (part.some((value, i) => !Object.is(value, back[i]))) return undefined;
    if (part.length === values.length) return { type: "F16", shape, bytes };
  }
  return undefined;
}

/** Whole numbers below 65,536 as a stored tensor. */
export function fromUint16(values: ArrayLike<number>): StoredTensor {
  return { type: "U16", shape: [values.length], bytes: new Uint8Array(Uint16Array.from(values).buffer) };
}
