// Tensors begin at multiples of eight bytes. A vector across the end of a cache line takes two loads, so what is read
// again and again is packed into scratch from the start of a line on.

const LINE: usize = 64;

/** Floats to add to a scratch that is to be aligned. */
export const ALIGNMENT: i32 = 16;

/** The first cache line of a scratch. */
// @ts-ignore: decorator
@inline
export function aligned(scratch: usize): usize {
  return (scratch + LINE - 1) & ~(LINE - 1);
}
