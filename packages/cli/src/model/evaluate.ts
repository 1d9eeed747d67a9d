import { spread } from "../workers/spread.ts";
import type { CircuitScore, NamedScore, ScorePiece, SkippedTask } from "./scores-workbench.ts";

export interface Scores {
  readonly tasks: readonly NamedScore[];
  readonly circuits: readonly CircuitScore[];
  readonly skipped: readonly SkippedTask[];
}

/**
 * Scores a checkpoint on a task, or on every built-in one, and circuits of it beside it.
 *
 * @throws InputError for a faulty checkpoint, task or node file, and for circuits of another model.
 */
export async function evaluate(
  directory: string,
  task: string | undefined,
  circuits: readonly string[],
  run: { readonly workers: number; readonly signal: AbortSignal; readonly onProgress: (text: string) => void },
): Promise<Scores> {
  const model = { directory, backend: "wasm" } as const;
  const names = task === undefined ? await namesOfBuiltInTasks() : [task];
  const pieces: ScorePiece[] = [
    ...circuits.map((circuit) => ({ ...model, circuit, task })),
    ...names.map((name) => ({ ...model, task: name, mayBeSkipped: task === undefined })),
  ];
  let done = 0;
  const results = await spread("scores", pieces, {
    ...run,
    onDone: () => run.onProgress(`${++done} of ${pieces.length} scores done`),
  });
  return {
    tasks: results.flatMap((result) => ("score" in result ? [result.score] : [])),
    circuits: results.flatMap((result) => ("circuit" in result ? [result.circuit] : [])),
    skipped: results.flatMap((result) => ("skipped" in result ? [result.skipped] : [])),
  };
}

async function namesOfBuiltInTasks(): Promise<string[]> {
  const { listTasks } = await import("@filigree/tasks");
  return listTasks().map(({ name }) => name);
}
