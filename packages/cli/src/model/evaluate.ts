import type { Stability } from "@filigree/pruners";
import { InputError } from "@filigree/sites";
import type { Metric } from "@filigree/tasks";
import { spread } from "../workers/spread.ts";
import { nodeFileOf, type CircuitScore, type CircuitSettings, type ScoredCircuit } from "./score-circuit.ts";
import type { RankingScore } from "./score-ranking.ts";
import type { NamedScore, ScorePiece, UnfitTask } from "./scores-workbench.ts";

export interface Scores {
  /** In the order of the list, or as they were asked for. */
  readonly tasks: readonly (NamedScore | UnfitTask)[];
  readonly circuits: readonly CircuitScore[];
  readonly rankings: readonly RankingScore[];
  /** How alike the circuits of a task are, where it has several. */
  readonly stability: readonly TaskStability[];
  /** What a person should know, a sentence each. */
  readonly notes: readonly string[];
}

export interface TaskStability extends Stability {
  readonly task: string;
}

export interface EvaluateOptions {
  readonly metric: Metric;
  readonly circuits: CircuitSettings;
  /** Names of pruners whose scores are measured. */
  readonly rankings: readonly string[];
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
  { metric, circuits: settings, rankings, onProgress, ...run }: EvaluateOptions,
): Promise<Scores> {
  const model = { directory, backend: "wasm" } as const;
  const all = tasks.length === 0;
  if (all && rankings.length > 0) {
    throw new InputError({ what: "--rankings without a task", hint: "name the tasks: filigree eval MODEL TASK" });
  }
  if (!settings.force) await requireOwn(directory, circuits);
  const pieces: ScorePiece[] = [
    ...circuits.flatMap((circuit) =>
      (all ? [undefined] : tasks).map((task) => ({ ...model, circuit, task, settings })),
    ),
    ...rankings.flatMap((ranking) => tasks.map((task) => ({ ...model, ranking, task, settings }))),
    ...(all ? await namesOfBuiltInTasks() : tasks).map((task) => ({ ...model, task, metric, mayBeUnfit: all })),
  ];
  let done = 0;
  const report = (news?: string) => {
    onProgress([`${done} of ${pieces.length} scores done`, ...(news === undefined ? [] : [news])].join(" · "));
  };
  const results = await spread("scores", pieces, {
    ...run,
    onNews: (_, news) => report(news),
    onDone: () => {
      done++;
      report();
    },
  });
  const scored = results.filter((result): result is ScoredCircuit => "circuit" in result);
  return {
    tasks: results.flatMap((result) => ("task" in result ? [result.task] : [])),
    circuits: scored.map(({ circuit }) => circuit),
    rankings: results.flatMap((result) => ("ranking" in result ? [result.ranking] : [])),
    stability: await compareCircuits(scored),
    notes: scored.flatMap(({ notes }) => notes),
  };
}

/** Refuses circuits of another model before anything is measured. Only the model's hash is read for that. */
async function requireOwn(directory: string, circuits: readonly string[]): Promise<void> {
  if (circuits.length === 0) return;
  const { readCheckpoint } = await import("@filigree/core");
  const { hash } = await readCheckpoint(directory);
  for (const circuit of circuits) await nodeFileOf(hash, circuit);
}

async function compareCircuits(scored: readonly ScoredCircuit[]): Promise<TaskStability[]> {
  const tasks = [...new Set(scored.map(({ circuit }) => circuit.task))];
  const groups = tasks.map((task) => ({ task, some: scored.filter(({ circuit }) => circuit.task === task) }));
  const several = groups.filter(({ some }) => some.length > 1);
  if (several.length === 0) return [];
  const { measureStability } = await import("@filigree/pruners");
  return several.map(({ task, some }) => ({ task, ...measureStability(some.map(({ members }) => members)) }));
}

async function namesOfBuiltInTasks(): Promise<string[]> {
  const { listTasks } = await import("@filigree/tasks");
  return listTasks().map(({ name }) => name);
}
