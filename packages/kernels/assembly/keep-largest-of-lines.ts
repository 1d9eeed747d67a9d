import { keepLargest } from "./keep-largest";
import { magnitude, SIGNLESS } from "./topk-search";

/**
 * Zeroes all but k of the rows × cols values of x in place and returns how many stayed: the j largest of each line,
 * then the largest of the rest. Ties go to the lower index. `scratch` has the size of x and two rows more.
 */
export function keepLargestOfLines(x: usize, scratch: usize, rows: i32, cols: i32, ofRows: i32, j: i32, k: i32): i32 {
  const n = rows * cols;
  memory.fill(scratch, 0, (<usize>n) << 2);
  let moved: i32 = 0;
  for (let pass: i32 = 0; pass < j; pass++) {
    moved += ofRows ? moveLargestOfRows(x, scratch, rows, cols) : moveLargestOfColumns(x, scratch, rows, cols);
  }
  const others = keepLargest(x, n, k - moved);
  // One of the two is zero everywhere.
  for (let i: i32 = 0; i < n; i++) {
    const p = (<usize>i) << 2;
    store<i32>(x + p, load<i32>(x + p) | load<i32>(scratch + p));
  }
  return moved + others;
}

/** Moves the largest value of each row to the same place of another matrix, if it is not zero. */
function moveLargestOfRows(x: usize, to: usize, rows: i32, cols: i32): i32 {
  let moved: i32 = 0;
  for (let row: i32 = 0; row < rows; row++) {
    let largest: i32 = 0;
    let at: usize = 0;
    for (let i: i32 = row * cols; i < (row + 1) * cols; i++) {
      const p = (<usize>i) << 2;
      const m = load<i32>(x + p) & SIGNLESS;
      if (m > largest) {
        largest = m;
        at = p;
      }
    }
    if (largest > 0) moved += move(x, to, at);
  }
  return moved;
}

/** The same for each column, row by row: with one column after the other, most of every cache line is read in vain. */
function moveLargestOfColumns(x: usize, to: usize, rows: i32, cols: i32): i32 {
  const width = (<usize>cols) << 2;
  const largest = to + <usize>rows * width;
  const rowOf = largest + width;
  memory.fill(largest, 0, width);
  for (let row: i32 = 0; row < rows; row++) {
    const values = x + <usize>row * width;
    const here = i32x4.splat(row);
    let c: usize = 0;
    for (; c + 16 <= width; c += 16) {
      const m = magnitude(values + c);
      const before = v128.load(largest + c);
      const larger = i32x4.gt_s(m, before);
      v128.store(largest + c, i32x4.max_s(m, before));
      v128.store(rowOf + c, v128.bitselect(here, v128.load(rowOf + c), larger));
    }
    for (; c < width; c += 4) {
      const m = load<i32>(values + c) & SIGNLESS;
      if (m > load<i32>(largest + c)) {
        store<i32>(largest + c, m);
        store<i32>(rowOf + c, row);
      }
    }
  }
  let moved: i32 = 0;
  for (let c: usize = 0; c < width; c += 4) {
    if (load<i32>(largest + c) > 0) moved += move(x, to, <usize>load<i32>(rowOf + c) * width + c);
  }
  return moved;
}

function move(from: usize, to: usize, at: usize): i32 {
  store<i32>(to + at, load<i32>(from + at));
  store<i32>(from + at, 0);
  return 1;
}
