/**
 * The order in which AbsTopK prefers entries: the larger magnitude first, and of two equal ones the lower channel. One
 * number says where an entry stands: the bits of a float without its sign order like its magnitude, and the channel
 * follows below them. They fit into the 53 bits of a double, so that an exact comparison is one comparison of numbers,
 * and no two channels ever tie.
 */
const CHANNELS = 2 ** 20;

/** Orders like the magnitude of the float32 whose bits these are. */
export function magnitude(bits: number): number {
  return bits & 0x7fffffff;
}

/** The place of an entry in the order: the higher, the sooner selected. `bits` are those of a float32. */
export function preference(bits: number, channel: number): number {
  return magnitude(bits) * CHANNELS + (CHANNELS - 1 - channel);
}

/** The channel of an entry. */
export function channelOf(preference: number): number {
  return CHANNELS - 1 - (preference % CHANNELS);
}

/** The bits of floats, in place. */
export function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/** The preferences of all channels but those that `skip` marks. */
export function preferences(values: Float32Array, skip: Uint8Array): Float64Array {
  const bits = bitsOf(values);
  const found = new Float64Array(values.length);
  let count = 0;
  for (let c = 0; c < bits.length; c++) if (skip[c] === 0) found[count++] = preference(bits[c]!, c);
  return found.subarray(0, count);
}

/** Below this many entries insertion beats another partition. */
const SHORT = 16;

/** Reorders `keys` so that the places `from` to `to` hold what they would if all were sorted, highest first. */
export function sortPlaces(keys: Float64Array, from: number, to: number): void {
  sortWithin(keys, 0, keys.length, from, to);
}

function sortWithin(keys: Float64Array, low: number, high: number, from: number, to: number): void {
  while (high - low > SHORT) {
    const pivot = middle(keys[low]!, keys[(low + high) >> 1]!, keys[high - 1]!);
    let left = low;
    let right = high - 1;
    while (left <= right) {
      while (keys[left]! > pivot) left++;
      while (keys[right]! < pivot) right--;
      if (left > right) break;
      const moved = keys[left]!;
      keys[left++] = keys[right]!;
      keys[right--] = moved;
    }
    // Now [low, right] ≥ pivot ≥ [left, high), and what lies between is the pivot.
    const leftMatters = from <= right && to > low;
    const rightMatters = to > left && from < high;
    if (leftMatters && rightMatters) sortWithin(keys, low, right + 1, from, to);
    if (rightMatters) low = left;
    else if (leftMatters) high = right + 1;
    else return;
  }
  for (let i = low + 1; i < high; i++) {
    const key = keys[i]!;
    let j = i;
    for (; j > low && keys[j - 1]! < key; j--) keys[j] = keys[j - 1]!;
    keys[j] = key;
  }
}

function middle(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
