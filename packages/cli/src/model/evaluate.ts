import type { Metric } from "@filigree/tasks";
import { spread } from "../workers/spread.ts";
import type { CircuitScore, NamedScore, ScorePiece, UnfitTask } from "./scores-workbench.ts";

export interface Scores {
  /** In the order of the list, or as they were asked for. */
  readonly tasks: readonly (NamedScore | UnfitTask)[];
  readonly circuits: readonly CircuitScore[];
}

export interface EvaluateOptions {
  readonly metric: Metric;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * Scores a checkpoint on tasks, or on every built-in one where none is named, and circuits of it beside it: each on the
 * named tasks, or on the one that it was found for.
 *
 * @throws InputError for a faulty checkpoint, a faulty or named but inexpressible task, and circuits of another model.
 */
export async function evaluate(
  directory: string,
  tasks: readonly string[],
  circuits: readonly string[],
  { metric, onProgress, ...run }: EvaluateOptions,
): Promise<Scores> {
  const model = { directory, backend: "wasm" } as const;
  const all = tasks.length === 0;
  const pieces: ScorePiece[] = [
    ...circuits.flatMap((circuit) => (all ? [undefined] : tasks).map((task) => ({ ...model, circuit, task }))),
    ...(all ? await namesOfBuiltInTasks() : tasks).map((task) => ({ ...model, task, metric, mayBeUnfit: all })),
  ];
  let done = 0;
  const results = await spread("scores", pieces, {
    ...run,
    onDone: () => onProgress(`${++done} of ${pieces.length} scores done`),
  });
  return {
    tasks: results.flatMap((result) => ("task" in result ? [result.task] : [])),
    circuits: results.flatMap((result) => ("circuit" in result ? [result.circuit] : [])),
  };
}

async function namesOfBuiltInTasks(): Promise<string[]> {
  const { listTasks } = await import("@filigree/tasks");
  return listTasks().map(({ name }) => name);
}
