import type { Channels, LinearRows } from "./linear-rows.ts";
import { Selection } from "./selection.ts";
import { preferences } from "./selection-order.ts";

/**
 * The wanted rows of W · x + b, through an activation and AbsTopK. Where AbsTopK selects, all rows that vary are
 * tracked, for they may displace the wanted ones.
 */
export class SelectedRows {
  /** Channels of x that are read. */
  readonly inputs: ReadonlySet<number>;
  readonly #rows: LinearRows;
  readonly #wanted: readonly number[];
  readonly #tracked: readonly number[];
  readonly #selection: Selection | undefined;
  readonly #activate: (values: readonly Float32Array[]) => readonly Float32Array[];
  /** For each row that is evaluated its fixed part, [groups]. */
  #fixed: ReadonlyMap<number, Float32Array> = new Map();
  #windows = new Float64Array(0);

  /** Comparisons that a column takes at most. */
  get cost(): number {
    return this.#selection?.cost ?? 0;
  }

  /**
   * @param wanted rows whose values are wanted
   * @param k how many rows AbsTopK keeps
   */
  constructor(
    rows: LinearRows,
    wanted: readonly number[],
    k: number,
    activate: (values: readonly Float32Array[]) => readonly Float32Array[] = (values) => values,
  ) {
    this.#rows = rows;
    this.#wanted = wanted;
    // Where all stay, or nothing is wanted, nothing is displaced.
    const selects = k < rows.count && wanted.length > 0;
    this.#tracked = selects ? [...new Set([...wanted, ...rows.varying])].sort((a, b) => a - b) : wanted;
    this.#selection = selects ? new Selection(k, this.#tracked, wanted) : undefined;
    this.#activate = activate;
    this.inputs = rows.inputsOf(this.#tracked);
  }

  /** Sets the fixed parts, one [rows] for each group of columns. */
  fix(groups: readonly Float32Array[]): void {
    if (this.#wanted.length === 0) return;
    this.#fixed = new Map(this.#tracked.map((row) => [row, Float32Array.from(groups, (fixed) => fixed[row]!)]));
    if (!this.#selection) return;
    const isTracked = new Uint8Array(groups[0]!.length);
    for (const row of this.#tracked) isTracked[row] = 1;
    this.#windows = new Float64Array(groups.length * this.#selection.size);
    this.#activate(groups).forEach((fixed, group) => {
      this.#selection!.writeWindow(preferences(fixed, isTracked), 0, this.#windows, group);
    });
  }

  /**
   * The wanted rows, by channel.
   *
   * @param groups [columns]: which fixed part a column has
   */
  run(inputs: Channels, groups: Int32Array): Channels {
    const evaluate = (rows: readonly number[], inputs: Channels, groups: Int32Array) =>
      this.#activate(rows.map((row) => this.#rows.evaluate(row, this.#fixed.get(row)!, groups, inputs)));
    const values = evaluate(this.#wanted, inputs, groups);
    if (this.#selection) {
      const whole = values.map((channel) => channel.slice());
      this.#selection.apply(values, this.#windows, groups, (columns) => {
        // Picking out columns costs as much as a row does: it must spare more than that.
        const some = columns.length < groups.length / 2 ? columns : undefined;
        const pick = (channel: Float32Array) => (some ? columnsOf(channel, some) : channel);
        const known = new Map(this.#wanted.map((row, index) => [row, pick(whole[index]!)]));
        const others = this.#tracked.filter((row) => !known.has(row));
        const there = new Map([...this.inputs].map((input) => [input, pick(inputs.get(input)!)]));
        evaluate(others, there, some ? some.map((column) => groups[column]!) : groups).forEach((channel, index) =>
          known.set(others[index]!, channel),
        );
        return { channels: this.#tracked.map((row) => known.get(row)!), columns: some };
      });
    }
    return new Map(this.#wanted.map((row, index) => [row, values[index]!]));
  }
}

function columnsOf(values: Float32Array, columns: Int32Array): Float32Array {
  const some = new Float32Array(columns.length);
  for (let j = 0; j < some.length; j++) some[j] = values[columns[j]!]!;
  return some;
}
