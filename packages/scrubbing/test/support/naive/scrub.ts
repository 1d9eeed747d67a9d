import type { Model } from "@filigree/core";
import type { Position, SitePart } from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";
import { naiveModel, type Grid, type NaiveForward } from "./forward.ts";
import type { NaiveNode } from "./trees.ts";

// Treeified causal scrubbing, literally: every node of every tree is its own run, one prompt at a time, nothing is kept
// or run once for two uses. Examples are indices into the task.

/** The data of a node's tree: its own datum, then, where it has inputs, its frame and theirs. */
export interface NaiveTree {
  readonly node: NaiveNode;
  readonly datum: number;
  readonly frame: number | undefined;
  readonly inputs: readonly NaiveTree[];
}

/** What parts show: one column for each part and token. */
type Columns = readonly (readonly number[])[];

interface Shown {
  readonly parts: readonly SitePart[];
  readonly columns: Columns;
}

export class NaiveScrub {
  readonly #forward: NaiveForward;
  readonly #task: Task;
  /** The largest value that any run showed: single precision is exact to so many parts of it. */
  largest = 0;

  constructor(model: Model, task: Task) {
    this.#forward = naiveModel(model);
    this.#task = task;
  }

  /** The answers of an example's run in which trees are written, and some parts are held as they were. */
  answers(example: number, trees: readonly NaiveTree[] = [], held: readonly SitePart[] = []): number[] {
    return this.#readAnswers(
      example,
      this.#runWith(example, [...this.#own(example, held), ...trees.map((tree) => this.#made(tree))]),
    );
  }

  /** What parts show in an example's run in which other parts are shown as in a donor's. */
  shownAfter(example: number, donor: number, swapped: readonly SitePart[], read: readonly SitePart[]): number[] {
    const columns = this.#read(donor, this.#runWith(donor, []), swapped);
    const run = this.#runWith(example, swapped.length === 0 ? [] : [{ parts: swapped, columns }]);
    return this.#read(example, run, read).flat();
  }

  /** What a node shows as its tree makes it. */
  #made({ node, datum, frame, inputs }: NaiveTree): Shown {
    const { parts } = node;
    if (inputs.length === 0) return { parts, columns: this.#read(datum, this.#runWith(datum, []), parts) };
    const written = [...this.#own(frame!, node.held), ...inputs.map((input) => this.#made(input))];
    return { parts, columns: this.#read(frame!, this.#runWith(frame!, written), parts) };
  }

  #own(example: number, parts: readonly SitePart[]): Shown[] {
    return [{ parts, columns: this.#read(example, this.#runWith(example, []), parts) }];
  }

  #runWith(example: number, written: readonly Shown[]): Map<string, Grid> {
    const x = this.#task.examples[example]!;
    return this.#forward(x.ids, (site, value) => {
      for (const row of value) for (const v of row) this.largest = Math.max(this.largest, Math.abs(v));
      for (const { parts, columns } of written) {
        let next = 0;
        for (const part of parts) {
          for (const token of tokensOf(x, part.position)) {
            const column = columns[next++]!;
            if (part.site === site) this.#write(example, value, part, token, column);
          }
        }
      }
    });
  }

  #write(example: number, value: Grid, part: SitePart, token: number, column: readonly number[]): void {
    const x = this.#task.examples[example]!;
    const channels = this.#channels(x, part, value);
    if (!part.site.endsWith("attn.pattern")) {
      channels.forEach((c, j) => (value[token]![c] = column[j]!));
      return;
    }
    // Each head's row keeps the total that it has in the example's own run.
    const own = this.#forward(x.ids).get(part.site)![token]!;
    const keys = x.ids.length;
    for (let start = 0; start < channels.length; start += keys) {
      const row = channels.slice(start, start + keys);
      const total = sum(row.map((c) => own[c]!)) / sum(column.slice(start, start + keys));
      row.forEach((c, j) => (value[token]![c] = column[start + j]! * total));
    }
  }

  #read(example: number, run: ReadonlyMap<string, Grid>, parts: readonly SitePart[]): Columns {
    const x = this.#task.examples[example]!;
    return parts.flatMap((part) => {
      const grid = run.get(part.site)!;
      return tokensOf(x, part.position).map((token) => this.#channels(x, part, grid).map((c) => grid[token]![c]!));
    });
  }

  #channels({ ids }: Example, { site, channels }: SitePart, grid: Grid): readonly number[] {
    if (channels === "all") return grid[0]!.map((_, c) => c);
    if (!site.endsWith("attn.pattern")) return channels;
    return channels.flatMap((head) => ids.map((_, key) => head * ids.length + key));
  }

  #readAnswers(example: number, run: ReadonlyMap<string, Grid>): number[] {
    const { position, answer, foil } = this.#task.examples[example]!;
    const outputs = foil === undefined ? this.#task.answers : [answer, foil];
    const values = [...outputs].sort((a, b) => a - b).map((output) => run.get("logits")![position]![output]!);
    return values.map((value) => value - sum(values) / values.length);
  }
}

function tokensOf({ ids, positions }: Example, position: Position): number[] {
  if (position.kind === "all") return ids.map((_, t) => t);
  if (position.kind === "index") return [position.index];
  return [position.name === "first" ? 0 : positions[position.name]!];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
