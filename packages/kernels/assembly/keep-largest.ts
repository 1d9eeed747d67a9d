import { magnitude, SIGNLESS } from "./topk-search";

/**
 * Zeroes all but the k entries of largest magnitude of n values in place (ties to the lower index), and returns how
 * many stayed (fewer than k when fewer are not zero).
 */
export function keepLargest(x: usize, n: i32, k: i32): i32 {
  let low: i32 = 0;
  let high: i32 = 0;
  let i: i32 = 0;
  let highs = i32x4.splat(0);
  for (; i + 4 <= n; i += 4) highs = i32x4.max_s(highs, magnitude(x + ((<usize>i) << 2)));
  high = max(
    max(i32x4.extract_lane(highs, 0), i32x4.extract_lane(highs, 1)),
    max(i32x4.extract_lane(highs, 2), i32x4.extract_lane(highs, 3)),
  );
  for (; i < n; i++) high = max(high, load<i32>(x + ((<usize>i) << 2)) & SIGNLESS);
  high++;
  while (high - low > 1) {
    const middle = low + ((high - low) >> 1);
    const count = countAtLeast(x, n, middle);
    if (count >= k) low = middle;
    else high = middle;
    if (count == k) break;
  }
  let ties = k - countAtLeast(x, n, low + 1);
  let kept: i32 = 0;
  for (i = 0; i < n; i++) {
    const p = x + ((<usize>i) << 2);
    const m = load<i32>(p) & SIGNLESS;
    if (m > low) kept++;
    else if (m == low && ties > 0) {
      ties--;
      if (m > 0) kept++;
    } else store<i32>(p, 0);
  }
  return kept;
}

/** How many of n values have these bits or larger ones, without the sign. */
export function countAtLeast(x: usize, n: i32, bits: i32): i32 {
  const trial = i32x4.splat(bits);
  let count0 = i32x4.splat(0);
  let count1 = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const p = x + ((<usize>i) << 2);
    count0 = i32x4.sub(count0, i32x4.ge_s(magnitude(p), trial));
    count1 = i32x4.sub(count1, i32x4.ge_s(magnitude(p + 16), trial));
  }
  const counts = i32x4.add(count0, count1);
  let total =
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3);
  for (; i < n; i++) total += <i32>((load<i32>(x + ((<usize>i) << 2)) & SIGNLESS) >= bits);
  return total;
}
