import { denseRows, sparseRows, type SparseRows } from "@filigree/kernels";
import { InputError } from "@filigree/sites";
import type { ElementType } from "./element-types.ts";

/** A tensor whose values are still in the file. */
export interface FileTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /**
   * The values as float32 in row-major order, piece by piece. A piece is overwritten when the next one is read.
   *
   * @throws InputError where the file is damaged.
   */
  pieces(): AsyncIterable<Float32Array>;
}

/** A file of named tensors, whatever its format. */
export interface TensorFile {
  readonly where: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, FileTensor>;
}

/** How many bytes of a file are in memory at once. */
export const PIECE_BYTES = 1 << 20;

/** Matrices with fewer nonzeros than this share are compressed: three parts of 6 bytes beat one of 4 below it. */
export const COMPRESS_BELOW = 0.6;

/** How many elements a tensor of this shape has. */
export function elementsOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((n, size) => n * size, 1);
}

/** All values of a small tensor, row-major. They may be any numbers. */
export async function readValues(tensor: FileTensor): Promise<Float32Array> {
  const values = new Float32Array(elementsOf(tensor.shape));
  let at = 0;
  for await (const piece of tensor.pieces()) {
    values.set(piece, at);
    at += piece.length;
  }
  return values;
}

/**
 * The values of a parameter; a matrix of few nonzeros is compressed as it is read and never exists whole.
 *
 * @throws InputError for values that are not finite.
 */
export async function readFinite(tensor: FileTensor, name: string, where: string): Promise<Float32Array | SparseRows> {
  const [rows, cols] = tensor.shape;
  if (tensor.shape.length !== 2 || cols! > 0x7fffffff) {
    const values = await readValues(tensor);
    requireFinite(values, 0, name, where);
    return values;
  }
  const collected = new Collected(rows!, cols!);
  for await (const piece of tensor.pieces()) {
    const first = collected.read;
    if (!collected.add(piece)) requireFinite(piece, first, name, where);
  }
  return collected.result();
}

/** The values seen so far: nonzeros as long as they are few, all values from then on. */
class Collected {
  /** How many values have been seen. */
  read = 0;
  readonly #rows: number;
  readonly #cols: number;
  #nonzeros = 0;
  #columns = new Int32Array(0);
  #values = new Float32Array(0);
  readonly #rowStarts: Int32Array;
  #dense: Float32Array | undefined;

  constructor(rows: number, cols: number) {
    this.#rows = rows;
    this.#cols = cols;
    this.#rowStarts = new Int32Array(rows + 1);
  }

  /** Returns whether all values are known to be finite. */
  add(piece: Float32Array): boolean {
    const seen = this.#nonzeros + (this.#dense ? 0 : countNonzeros(piece));
    // What begins dense is taken to be dense: collecting nonzeros up to the limit would cost more than it spares.
    if (!this.#dense && seen > COMPRESS_BELOW * (this.read + piece.length)) this.#dense = denseRows(this.#sparse());
    const finite = this.#dense ? false : this.#addNonzeros(piece);
    this.#dense?.set(piece, this.read);
    this.read += piece.length;
    return finite;
  }

  result(): Float32Array | SparseRows {
    if (!this.#dense) return this.#sparse();
    const few = countNonzeros(this.#dense) < COMPRESS_BELOW * this.#dense.length;
    return few ? sparseRows(this.#dense, this.#rows, this.#cols) : this.#dense;
  }

  #addNonzeros(piece: Float32Array): boolean {
    this.#reserve(this.#nonzeros + piece.length);
    // The difference of a number that is not finite with itself is NaN.
    let finite = 0;
    for (let i = 0; i < piece.length; i++) {
      const value = piece[i]!;
      if (value === 0) continue;
      const row = Math.floor((this.read + i) / this.#cols);
      this.#rowStarts[row + 1]!++;
      this.#columns[this.#nonzeros] = this.read + i - row * this.#cols;
      this.#values[this.#nonzeros++] = value;
      finite += value - value;
    }
    return finite === 0;
  }

  #reserve(capacity: number): void {
    if (capacity <= this.#values.length) return;
    const size = Math.max(capacity, 2 * this.#nonzeros);
    const [columns, values] = [new Int32Array(size), new Float32Array(size)];
    columns.set(this.#columns.subarray(0, this.#nonzeros));
    values.set(this.#values.subarray(0, this.#nonzeros));
    [this.#columns, this.#values] = [columns, values];
  }

  #sparse(): SparseRows {
    const rowStarts = this.#rowStarts.slice();
    for (let r = 0; r < this.#rows; r++) rowStarts[r + 1]! += rowStarts[r]!;
    return {
      rows: this.#rows,
      cols: this.#cols,
      rowStarts,
      columns: this.#columns.slice(0, this.#nonzeros),
      values: this.#values.slice(0, this.#nonzeros),
    };
  }
}

export function countNonzeros(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) count++;
  return count;
}

/** @param first the index of `values[0]` in its tensor */
export function requireFinite(values: Float32Array, first: number, name: string, where: string): void {
  let at = 0;
  while (at < values.length && Number.isFinite(values[at])) at++;
  if (at === values.length) return;
  throw new InputError({
    what: `"${name}" holds ${values[at]} at element ${first + at}`,
    where,
    expected: "finite numbers",
    hint: "the training run diverged, or the file is damaged",
  });
}
