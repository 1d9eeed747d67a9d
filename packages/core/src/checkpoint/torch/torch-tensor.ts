import { InputError } from "@filigree/sites";
import type { ByteSource } from "../byte-source.ts";
import { decodeElements, ELEMENT_BYTES, type ElementType } from "../element-types.ts";
import { elementsOf, PIECE_BYTES, type FileTensor } from "../tensor-file.ts";
import { readEntry, type ZipEntry } from "./zip-archive.ts";

/** Numbers in a row in an entry of the archive. Several tensors may show parts of one storage. */
export interface Storage {
  readonly type: ElementType;
  readonly entry: ZipEntry;
  /** How many elements it has. */
  readonly length: number;
}

/** A strided tensor that is gathered in memory may span so much of its storage. */
const LARGEST_SPAN = 2 ** 30;

/** A view of a storage: element (i, j, …) is number `offset + i · strides[0] + j · strides[1] + …`. */
export class TorchTensor implements FileTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly #source: ByteSource;
  readonly #storage: Storage;
  readonly #offset: number;
  readonly #strides: readonly number[];
  /** How many elements of the storage lie between the first and the last that it shows, both counted. */
  readonly #span: number;

  /** @throws InputError for a view that reaches beyond its storage. */
  constructor(
    source: ByteSource,
    storage: Storage,
    view: { readonly offset: number; readonly shape: readonly number[]; readonly strides: readonly number[] },
  ) {
    const { offset, shape, strides } = view;
    this.type = storage.type;
    this.shape = shape;
    this.#source = source;
    this.#storage = storage;
    this.#offset = offset;
    this.#strides = strides;
    const elements = elementsOf(shape);
    this.#span = elements === 0 ? 0 : 1 + shape.reduce((n, size, axis) => n + (size - 1) * strides[axis]!, 0);
    const where = source.where;
    const of = `a tensor of shape [${shape.join(", ")}]`;
    if (offset + this.#span > storage.length) {
      const expected = `at most the ${storage.length} elements of its storage "${storage.entry.name}"`;
      throw new InputError({ what: `${of} reaches up to element ${offset + this.#span}`, where, expected });
    }
    // A stride of 0 repeats elements without storing them: a few bytes could stand for any amount.
    if (elements > Math.max(storage.length, 2 ** 20)) {
      throw new InputError({ what: `${of} repeats the ${storage.length} elements that are stored`, where });
    }
  }

  async *pieces(): AsyncGenerator<Float32Array> {
    if (this.#span === 0) return;
    const size = ELEMENT_BYTES[this.type];
    const [start, end] = [this.#offset * size, (this.#offset + this.#span) * size];
    const content = readEntry(this.#source, this.#storage.entry, start, end);
    if (!this.#isContiguous()) return yield* this.#gather(content);
    for await (const piece of content) yield decodeElements(this.type, piece);
  }

  #isContiguous(): boolean {
    let step = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.#strides[axis] !== step) return false;
      step *= this.shape[axis]!;
    }
    return true;
  }

  async *#gather(content: AsyncIterable<Uint8Array>): AsyncGenerator<Float32Array> {
    if (this.#span * 4 > LARGEST_SPAN) {
      const what = `a tensor of shape [${this.shape.join(", ")}] is not contiguous and spans ${this.#span} elements`;
      const hint = "save it again after tensor.contiguous()";
      throw new InputError({ what, where: this.#source.where, expected: `at most ${LARGEST_SPAN / 4} elements`, hint });
    }
    const span = new Float32Array(this.#span);
    let filled = 0;
    for await (const piece of content) {
      const values = decodeElements(this.type, piece);
      span.set(values, filled);
      filled += values.length;
    }
    const elements = elementsOf(this.shape);
    const index = this.shape.map(() => 0);
    let from = 0;
    for (let done = 0; done < elements;) {
      const piece = new Float32Array(Math.min(PIECE_BYTES / 4, elements - done));
      for (let i = 0; i < piece.length; i++) {
        piece[i] = span[from]!;
        // The next index in row-major order, like an odometer.
        for (let axis = index.length - 1; axis >= 0; axis--) {
          from += this.#strides[axis]!;
          if (++index[axis]! < this.shape[axis]!) break;
          from -= index[axis]! * this.#strides[axis]!;
          index[axis] = 0;
        }
      }
      yield piece;
      done += piece.length;
    }
  }
}
