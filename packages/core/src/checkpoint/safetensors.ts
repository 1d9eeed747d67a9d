import { InputError, JsonValue } from "@filigree/sites";

/** Element types that are read. F16 and BF16 become float32; integers keep their values. */
export type ElementType = "F32" | "F16" | "BF16" | "U16" | "I32" | "I64" | "U8";

const ELEMENT_BYTES: Record<ElementType, number> = { F32: 4, F16: 2, BF16: 2, U16: 2, I32: 4, I64: 8, U8: 1 };

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

/**
 * Reads a safetensors file: u64 header length, JSON header, data. Nothing in it is executed.
 *
 * @throws InputError where the file is truncated, its tensors overlap or leave gaps, or a type is not read.
 */
export function parseSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const fail = (what: string, hint?: string): never => {
    throw new InputError({ what, where, expected: "a whole safetensors file", hint });
  };
  const again = "copy or write the file again";
  if (bytes.length < 8) return fail(`the file is truncated: ${bytes.length} bytes`, again);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LONGEST_HEADER) return fail("this is not a safetensors file: its header would not end");
  if (8 + length > bytes.length) return fail("the file is truncated inside its header", again);
  const header = JsonValue.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)), `${where} (header)`);
  const data = bytes.subarray(8 + length);
  const tensors = new Map<string, StoredTensor>();
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
    const wanted = sizes.reduce((n, size) => n * size, 1) * ELEMENT_BYTES[type];
    if (start === undefined || end === undefined || end - start !== wanted) {
      return entry.fail(`"${name}" has ${(end ?? 0) - (start ?? 0)} bytes`, `${wanted} for its shape and type`);
    }
    if (end > data.length) return fail(`the file is truncated: the data of "${name}" is missing`, again);
    tensors.set(name, { type, shape: sizes, bytes: data.subarray(start, end) });
  }
  // The format wants every byte to belong to exactly one tensor.
  let at = data.byteOffset;
  for (const [name, { bytes }] of [...tensors].sort(
    ([, a], [, b]) => a.bytes.byteOffset - b.bytes.byteOffset || a.bytes.length - b.bytes.length,
  )) {
    if (bytes.byteOffset !== at)
      return fail(`the data of "${name}" ${bytes.byteOffset < at ? "overlaps another tensor" : "follows a gap"}`);
    at += bytes.length;
  }
  const rest = data.byteOffset + data.length - at;
  if (rest > 0) return fail(`${rest} bytes follow the last tensor`, again);
  return { metadata, tensors };
}

/** Writes tensors in the order given, metadata first, data aligned to 8 bytes. */
export function formatSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { type, shape, bytes }] of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  let text = JSON.stringify(header);
  while (new TextEncoder().encode(text).length % 8 !== 0) text += " ";
  const head = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + head.length + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
  out.set(head, 8);
  let at = 8 + head.length;
  for (const { bytes } of tensors.values()) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

/** The values of a tensor as float32. */
export function toFloat32({ type, bytes }: StoredTensor): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: Record<ElementType, (at: number) => number> = {
    F32: (at) => view.getFloat32(at, true),
    F16: (at) => halfToNumber(view.getUint16(at, true)),
    BF16: (at) => bits32ToFloat(view.getUint16(at, true) << 16),
    U16: (at) => view.getUint16(at, true),
    I32: (at) => view.getInt32(at, true),
    I64: (at) => Number(view.getBigInt64(at, true)),
    U8: (at) => bytes[at]!,
  };
  const size = ELEMENT_BYTES[type];
  return Float32Array.from({ length: bytes.length / size }, (_, i) => read[type](i * size));
}

/** float32 values as a stored tensor. */
export function fromFloat32(values: Float32Array, shape: readonly number[]): StoredTensor {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return { type: "F32", shape, bytes };
}

/** Whole numbers below 65,536 as a stored tensor. */
export function fromUint16(values: ArrayLike<number>): StoredTensor {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, values[i]!, true);
  return { type: "U16", shape: [values.length], bytes };
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));
function bits32ToFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}
