/**
 * Where the k values of largest magnitude stand, ascending; ties go to the lower index. `except` (ascending) are not
 * taken. In time that follows the number of values: magnitudes are ordered as their bits are.
 */
export function largestMagnitudes(values: Float32Array, k: number, except: Int32Array = new Int32Array()): Int32Array {
  const bits = new Uint32Array(values.length);
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length);
  // One more than the bits without the sign, so that 0 marks what is not taken.
  for (let i = 0; i < raw.length; i++) bits[i] = (raw[i]! & 0x7fffffff) + 1;
  for (const i of except) bits[i] = 0;
  const wanted = Math.min(k, values.length - except.length);
  const taken = new Int32Array(wanted);
  if (wanted === 0) return taken;
  const high = kthLargest(bits, wanted, (b) => b >>> 16, undefined);
  const low = kthLargest(bits, wanted - high.above, (b) => b & 0xffff, high.bin);
  const threshold = high.bin * 0x10000 + low.bin;
  let ties = wanted - high.above - low.above;
  let n = 0;
  for (let i = 0; i < bits.length; i++) {
    if (bits[i]! > threshold || (bits[i] === threshold && ties-- > 0)) taken[n++] = i;
  }
  return taken;
}

/** The digit of the k-th largest number, of those whose upper half is `upper`, and how many have a larger digit. */
function kthLargest(bits: Uint32Array, k: number, digit: (bits: number) => number, upper: number | undefined) {
  const counts = new Uint32Array(0x10000);
  for (const b of bits) if (b !== 0 && (upper === undefined || b >>> 16 === upper)) counts[digit(b)]!++;
  let above = 0;
  let bin = 0xffff;
  while (above + counts[bin]! < k) above += counts[bin--]!;
  return { bin, above };
}
