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
    if (fixed.length === 1) values.fill(fixed[0]!);
    else for (let t = 0; t < values.length; t++) values[t] = fixed[groups[t]!]!;
    const varying = this.#rows.get(row);
    if (varying) addProducts(values, varying, inputs);
    return values;
  }
}

/** Adds weight · input for each input in its turn, rounding to float32 after each; four in a pass spare memory. */
function addProducts(values: Float32Array, { inputs, weights }: VaryingRow, channels: Channels): void {
  const { fround } = Math;
  let i = 0;
  for (; i + 4 <= inputs.length; i += 4) {
    const [w0, w1, w2, w3] = [weights[i]!, weights[i + 1]!, weights[i + 2]!, weights[i + 3]!];
    const [x0, x1] = [channels.get(inputs[i]!)!, channels.get(inputs[i + 1]!)!];
    const [x2, x3] = [channels.get(inputs[i + 2]!)!, channels.get(inputs[i + 3]!)!];
    for (let t = 0; t < values.length; t++) {
      const sum = fround(fround(values[t]! + w0 * x0[t]!) + w1 * x1[t]!);
      values[t] = fround(sum + w2 * x2[t]!) + w3 * x3[t]!;
    }
  }
  for (; i < inputs.length; i++) {
    const weight = weights[i]!;
    const x = channels.get(inputs[i]!)!;
    for (let t = 0; t < values.length; t++) values[t]! += weight * x[t]!;
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
