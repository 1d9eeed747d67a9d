import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  formatSafetensors,
  fromFloat32,
  InputError,
  parseSafetensors,
  toFloat32,
  writeFileAtomically,
  type ParameterValues,
  type StoredTensor,
} from "@filigree/core";
import type { TrainerState } from "./trainer.ts";

// A run's folder: `training-state.safetensors` (weights, moments, step: what resuming needs) and `metrics.jsonl`,
// beside the checkpoint that the finished run leaves.

const STATE = "training-state.safetensors";
const METRICS = "metrics.jsonl";
const PARTS = ["weights", "m", "v"] as const;

/** What a run must be equal in to go on from a stored state. */
export interface RunIdentity {
  /** sha256 over the configuration and the data. */
  readonly hash: string;
}

/** Stores a state, whole or not at all. */
export async function saveState(directory: string, state: TrainerState, identity: RunIdentity): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const part of PARTS) {
    for (const [name, values] of state[part]) tensors.set(`${part}/${name}`, fromFloat32(values, [values.length]));
  }
  const metadata = {
    format: "filigree.training-state/1",
    step: String(state.step),
    sparsifier: JSON.stringify(state.sparsifier),
    run: identity.hash,
  };
  await writeFileAtomically(join(directory, STATE), formatSafetensors(tensors, metadata));
}

/**
 * The state stored in a run's folder, or undefined where there is none.
 *
 * @throws InputError where it belongs to another configuration or other data, or is damaged.
 */
export async function loadState(directory: string, identity: RunIdentity): Promise<TrainerState | undefined> {
  const path = join(directory, STATE);
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  const { metadata, tensors } = parseSafetensors(bytes, path);
  if (metadata["format"] !== "filigree.training-state/1") {
    throw new InputError({ what: `the format is "${metadata["format"]}"`, where: path, expected: "a training state" });
  }
  if (metadata["run"] !== identity.hash) {
    throw new InputError({
      what: "this state was made with another configuration or other data",
      where: path,
      hint: "give back the configuration and the data it was made with, or another --out folder",
    });
  }
  const read = (part: string): ParameterValues =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(`${part}/`))
        .map(([name, tensor]) => [name.slice(part.length + 1), toFloat32(tensor)]),
    );
  return {
    step: Number(metadata["step"]),
    sparsifier: JSON.parse(metadata["sparsifier"] ?? "null"),
    weights: read("weights"),
    m: read("m"),
    v: read("v"),
  };
}

/** One line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly step: number;
  readonly loss: number;
  readonly heldOut?: number;
  readonly rate: number;
  readonly density: number;
  readonly gradientRms: number;
}

/** The metrics of a run, written with each state so that a resumed run repeats no line and misses none. */
export class MetricsFile {
  readonly #path: string;
  readonly #lines: MetricsLine[];

  private constructor(path: string, lines: MetricsLine[]) {
    this.#path = path;
    this.#lines = lines;
  }

  /** Opens the metrics of a folder, keeping the lines of steps before `step`. */
  static async open(directory: string, step: number): Promise<MetricsFile> {
    const path = join(directory, METRICS);
    const text = step > 0 ? await readFile(path, "utf8").catch(() => "") : "";
    const lines = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as MetricsLine);
    return new MetricsFile(
      path,
      lines.filter((line) => line.step <= step),
    );
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
