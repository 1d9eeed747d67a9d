/** Element types that are read, by the names of the safetensors format. */
export type ElementType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U16" | "U8" | "BOOL";

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
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

/**
 * Little-endian elements as float32, the nearest where it is not exact.
 *
 * @param bytes a whole number of elements. F32 that is aligned is not copied: the result is a view.
 */
export function decodeElements(type: ElementType, bytes: Uint8Array): Float32Array {
  const length = bytes.length / ELEMENT_BYTES[type];
  const aligned = bytes.byteOffset % ELEMENT_BYTES[type] === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset } = aligned;
  switch (type) {
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "F64":
      return new Float32Array(new Float64Array(buffer, byteOffset, length));
    case "F16":
      return lookUp(new Uint16Array(buffer, byteOffset, length), halfValues());
    case "BF16":
      return widenBfloat16(new Uint16Array(buffer, byteOffset, length));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
    case "I32":
      return new Float32Array(new Int32Array(buffer, byteOffset, length));
    case "I16":
      return new Float32Array(new Int16Array(buffer, byteOffset, length));
    case "I8":
      return new Float32Array(new Int8Array(buffer, byteOffset, length));
    case "U16":
      return new Float32Array(new Uint16Array(buffer, byteOffset, length));
    case "U8":
      return new Float32Array(aligned);
    case "BOOL":
      return Float32Array.from(aligned, (byte) => (byte === 0 ? 0 : 1));
  }
}

/** The bits of the nearest float16 of each value, of two the even one; ±Infinity beyond the largest, 65,504. */
export function encodeHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (float, i) => {
    const sign = (float >>> 16) & 0x8000;
    const size = Math.abs(values[i]!);
    if (Number.isNaN(size)) return sign | 0x7e00;
    // Half of the last step below 2^16 rounds up to infinity.
    if (size >= 65_520) return sign | 0x7c00;
    const exponent = Math.max(-14, Math.floor(Math.log2(size)));
    // Steps of 2^(exponent - 10); a sum of whole steps carries into the exponent's bits by itself.
    const steps = roundToEven(size * 2 ** (10 - exponent));
    return sign | (((exponent + 14) << 10) + steps);
  });
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function lookUp(indices: Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(indices.length);
  for (let i = 0; i < indices.length; i++) values[i] = table[indices[i]!]!;
  return values;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

let halves: Float32Array | undefined;

/** The value of every float16, by its bits. */
function halfValues(): Float32Array {
  halves ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}
