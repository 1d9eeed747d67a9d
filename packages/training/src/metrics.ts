import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, writeFileAtomically } from "@filigree/core";

const METRICS = "metrics.jsonl";

/** One line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly step: number;
  /** Mean cross-entropy of the step's batch, nats per token. */
  readonly loss: number;
  readonly rate: number;
  /** Share of the attention and MLP weights that may be nonzero. */
  readonly density: number;
  /** Root mean square of the gradient over all trained weights. */
  readonly gradientRms: number;
  /** Only where it was measured: the loss on batches of texts kept out of training. */
  readonly heldOut?: number;
  /** Then also: the share of the MLP's neurons that are 0 at every token of those batches. */
  readonly deadNeurons?: number;
  /** And the attention and MLP weights that are not zero. */
  readonly nonzeros?: number;
}

/** The metrics of a run, written with each state so that a resumed run repeats no line and misses none. */
export class MetricsFile {
  readonly #path: string;
  readonly #lines: MetricsLine[];

  private constructor(path: string, lines: MetricsLine[]) {
    this.#path = path;
    this.#lines = lines;
  }

  /**
   * Opens the metrics of a folder, keeping the lines up to a step.
   *
   * @throws InputError where the folder has a state and its metrics are gone or damaged
   */
  static async open(directory: string, step: number): Promise<MetricsFile> {
    const path = join(directory, METRICS);
    const lines = step > 0 ? await readLines(path) : [];
    return new MetricsFile(
      path,
      lines.filter((line) => line.step <= step),
    );
  }

  get lines(): readonly MetricsLine[] {
    return this.#lines;
  }

  add(line: MetricsLine): void {
    this.#lines.push(line);
  }

  /** Mean training loss of the last twenty lines: single batches are noisy. */
  recentLoss(): number {
    const recent = this.#lines.slice(-20);
    return recent.reduce((sum, { loss }) => sum + loss, 0) / Math.max(1, recent.length);
  }

  async save(): Promise<void> {
    await writeFileAtomically(this.#path, this.#lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
}

async function readLines(path: string): Promise<MetricsLine[]> {
  try {
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as MetricsLine);
  } catch (cause) {
    throw new InputError({
      what: "the metrics of the run cannot be read",
      where: path,
      expected: "the file as the run wrote it, beside its state",
      hint: "put it back, or begin anew in another --out folder",
      cause,
    });
  }
}
