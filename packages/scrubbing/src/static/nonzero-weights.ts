import { sparseRows, type Model, type ModelConfig, type SparseRows } from "@filigree/core";

/** Which weights of a model are not zero: all that a proof reads. Read when first asked for. */
export class NonzeroWeights {
  readonly config: ModelConfig;
  readonly #parameters: Model["parameters"];
  readonly #matrices = new Map<string, SparseRows>();

  constructor({ config, parameters }: Model) {
    this.config = config;
    this.#parameters = parameters;
  }

  /** The outputs of a matrix [out, in] that some of the inputs reach. */
  reached(name: string, inputs: Channels): Channels {
    const { rows, rowStarts, columns } = this.matrix(name);
    return Uint8Array.from({ length: rows }, (_, out) => {
      for (let k = rowStarts[out]!; k < rowStarts[out + 1]!; k++) if (inputs[columns[k]!] === 1) return 1;
      return 0;
    });
  }

  /** The unembedding's name. */
  get unembedding(): string {
    return this.#parameters.has("lm_head.weight") ? "lm_head.weight" : "transformer.wte.weight";
  }

  /** Where a vector is not zero: nowhere, where the model has none. */
  nonzero(name: string, width: number): Channels {
    const values = this.#parameters.optional(name)?.dataSync<"float32">();
    return Uint8Array.from({ length: width }, (_, c) => (values && values[c] !== 0 ? 1 : 0));
  }

  /** Columns of a table of rows in which some entry is not zero, and those that differ between rows. */
  table(name: string): { live: Channels; varying: Channels } {
    const { rows, cols, rowStarts, columns, values } = this.matrix(name);
    const seen = Array.from({ length: cols }, () => new Set<number>());
    const counts = new Int32Array(cols);
    for (let k = 0; k < rowStarts[rows]!; k++) {
      seen[columns[k]!]!.add(values[k]!);
      counts[columns[k]!]!++;
    }
    return {
      live: Uint8Array.from(counts, (count) => (count > 0 ? 1 : 0)),
      varying: Uint8Array.from(counts, (count, c) => (count > 0 && (count < rows || seen[c]!.size > 1) ? 1 : 0)),
    };
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** The nonzeros of a matrix, row after row. */
  matrix(name: string): SparseRows {
    let matrix = this.#matrices.get(name);
    if (!matrix) {
      const stored = this.#parameters.matrix(name);
      matrix =
        "toCompressed" in stored
          ? stored.toCompressed()
          : sparseRows(stored.dataSync<"float32">(), stored.shape[0], stored.shape[1]);
      this.#matrices.set(name, matrix);
    }
    return matrix;
  }
}

/** One flag a channel: 1 where it holds. */
export type Channels = Uint8Array<ArrayBuffer>;

/** Some of so many channels, as flags. */
export function flags(width: number, channels: "all" | readonly number[]): Channels {
  const all = new Uint8Array(width);
  if (channels === "all") return all.fill(1);
  for (const c of channels) all[c] = 1;
  return all;
}

/** 1 where either is. */
export function either(a: Channels, b: Channels): Channels {
  return a.map((flag, c) => flag | b[c]!);
}

/** 1 where both are. */
export function both(a: Channels, b: Channels): Channels {
  return a.map((flag, c) => flag & b[c]!);
}

export function some(channels: Channels): boolean {
  return channels.includes(1);
}
