import type { Model } from "@filigree/core";
import type { AblationKind, Trial, TrialOutcome } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";
import type { PieceWatch, Workbench } from "../workers/workbench.ts";
import { LoadedModel } from "./loaded-model.ts";
import { taskOf } from "./task-of.ts";

/** A trial of a search for options, and what it runs on. */
export interface TrialPiece {
  readonly directory: string;
  readonly task: string;
  readonly pruner: string;
  readonly target: number;
  readonly ablation: AblationKind;
  readonly seed: number;
  readonly trial: Trial;
}

/** Runs trials, and keeps the model and the task. Its news say which share of a trial is done. */
export class TrialsWorkbench implements Workbench<TrialPiece, TrialOutcome, number> {
  readonly #loaded = new LoadedModel();
  #task: { readonly of: Model; readonly reference: string; readonly task: Task } | undefined;

  async do(piece: TrialPiece, { onNews, signal }: PieceWatch<number>): Promise<TrialOutcome> {
    const { seed } = await import("@filigree/core");
    const { choosePruner, runTrial } = await import("@filigree/pruners");
    const { target, ablation, trial } = piece;
    const model = await this.#loaded.get(piece.directory, "wasm");
    return runTrial(model, await this.#taskFor(model, piece.task), trial, {
      pruner: await choosePruner(piece.pruner, process.cwd()),
      target,
      ablation,
      seed: seed(piece.seed),
      ...(signal && { signal }),
      onProgress: onNews,
    });
  }

  close(): void {
    this.#loaded.dispose();
  }

  async #taskFor(model: Model, reference: string): Promise<Task> {
    if (this.#task?.of !== model || this.#task.reference !== reference) {
      this.#task = { of: model, reference, task: await taskOf(model, reference) };
    }
    return this.#task.task;
  }
}
