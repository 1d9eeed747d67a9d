import type { SparseRows } from "@filigree/kernels";

/** Values of channels that vary, each [columns], by channel. */
export type Channels = ReadonlyMap<number, Float32Array>;

/** Part of the rows of a matrix. */
export interface Block {
  readonly first: number;
  readonly count: number;
}

/** What the inputs that vary add to one row of W · x + b. */
interface VaryingRow {
  readonly inputs: number[];
  readonly weights: number[];
}

/** Under which name an input varies, and by which factor; undefined where it is fixed. */
export type Varies = (channel: number) => { readonly input: number; readonly factor: number } | undefined;

/**
 * The rows of W · x + b that inputs which vary feed: row r of the block is fixed[r] + Σ weights · inputs.
 */
export class LinearRows {
  /** How many rows the block has. */
  readonly count: number;
  readonly #rows: ReadonlyMap<number, VaryingRow>;

  constructor(matrix: SparseRows, block: Block, varies: Varies) {
    const rows = new Map<number, VaryingRow>();
    const known = Array.from({ length: matrix.cols }, (_, channel) => varies(channel));
    for (let r = 0; r < block.count; r++) {
      const end = matrix.rowStarts[block.first + r + 1]!;
      for (let j = matrix.rowStarts[block.first + r]!; j < end; j++) {
        const found = known[matrix.columns[j]!];
        if (!found) continue;
        let row = rows.get(r);
        if (!row) rows.set(r, (row = { inputs: [], weights: [] }));
        row.inputs.push(found.input);
        row.weights.push(found.factor * matrix.values[j]!);
      }
    }
    this.count = block.count;
    this.#rows = rows;
  }

  /** The rows that vary, in order. */
  get varying(): number[] {
    return [...this.#rows.keys()];
  }

  /** The inputs that some rows read. */
  inputsOf(rows: readonly number[]): Set<number> {
    return new Set(rows.flatMap((row) => this.#rows.get(row)?.inputs ?? []));
  }

  /**
   * One row, [columns].
   *
   * @param fixed [groups]: the fixed part
   * @param groups [columns]: which fixed part a column has
   */
  evaluate(row: number, fixed: Float32Array, groups: Int32Array, inputs: Channels): Float32Array {
    const values = new Float32Array(groups.length);
    for (let t = 0; t < values.length; t++) values[t] = fixed[groups[t]!]!;
    const varying = this.#rows.get(row);
    varying?.inputs.forEach((input, j) => {
      const weight = varying.weights[j]!;
      const x = inputs.get(input)!;
      for (let t = 0; t < values.length; t++) values[t]! += weight * x[t]!;
    });
    return values;
  }
}

/** W · x + b over a block, [rows], with x as it is where it is fixed and 0 where it varies. */
export function fixedRows(
  matrix: SparseRows,
  block: Block,
  bias: Float32Array | undefined,
  x: Float32Array | Float64Array,
): Float32Array {
  const { rowStarts, columns, values } = matrix;
  const fixed = new Float32Array(block.count);
  for (let r = 0; r < block.count; r++) {
    let sum = bias ? bias[block.first + r]! : 0;
    const end = rowStarts[block.first + r + 1]!;
    for (let j = rowStarts[block.first + r]!; j < end; j++) sum += values[j]! * x[columns[j]!]!;
    fixed[r] = sum;
  }
  return fixed;
}
