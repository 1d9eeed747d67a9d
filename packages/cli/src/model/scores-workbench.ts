import type { BackendName, Model } from "@filigree/core";
import { InputError } from "@filigree/sites";
import type { Metric } from "@filigree/tasks";
import type { PieceWatch, Workbench } from "../workers/workbench.ts";
import { LoadedModel } from "./loaded-model.ts";
import { scoreCircuit, type CircuitSettings, type ScoredCircuit } from "./score-circuit.ts";
import { scoreRanking, type RankingScore, type RankingSettings } from "./score-ranking.ts";
import { taskOf } from "./task-of.ts";

/** A task to score the model on; a circuit's node file, and a task where it is not the file's own; or a pruner that scores. */
export type ScorePiece = { readonly directory: string; readonly backend: BackendName } & (
  | { readonly task: string; readonly metric: Metric; readonly mayBeUnfit: boolean }
  | { readonly circuit: string; readonly task: string | undefined; readonly settings: CircuitSettings }
  | { readonly ranking: string; readonly task: string; readonly settings: RankingSettings }
);

/** How well the model does a task, on its test split. */
export interface NamedScore {
  readonly name: string;
  readonly accuracy: number;
  readonly loss: number;
  /** Number of examples. */
  readonly n: number;
}

/** A built-in task that the vocabulary cannot express. */
export interface UnfitTask {
  readonly name: string;
  readonly unfit: string;
}

export type ScoreResult =
  { readonly task: NamedScore | UnfitTask } | ScoredCircuit | { readonly ranking: RankingScore };

/** Scores a model on tasks, and circuits of it, and keeps the model loaded. Its news say what it is doing. */
export class ScoresWorkbench implements Workbench<ScorePiece, ScoreResult, string> {
  readonly #loaded = new LoadedModel();

  async do(piece: ScorePiece, watch: PieceWatch<string>): Promise<ScoreResult> {
    const model = await this.#loaded.get(piece.directory, piece.backend);
    if ("circuit" in piece) return scoreCircuit(model, piece.circuit, piece.task, piece.settings, watch);
    if ("ranking" in piece) {
      return { ranking: await scoreRanking(model, piece.ranking, piece.task, piece.settings, watch) };
    }
    try {
      return { task: await scoreTask(model, piece.task, piece.metric) };
    } catch (error) {
      if (!piece.mayBeUnfit || !(error instanceof InputError)) throw error;
      return { task: { name: piece.task, unfit: error.what } };
    }
  }

  close(): void {
    this.#loaded.dispose();
  }
}

async function scoreTask(model: Model, reference: string, metric: Metric): Promise<NamedScore> {
  const { evaluateTask } = await import("@filigree/tasks");
  const task = await taskOf(model, reference);
  return { name: task.name, ...evaluateTask(model, task, { split: "test", metric }) };
}
