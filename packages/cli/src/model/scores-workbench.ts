import type { BackendName, Model } from "@filigree/core";
import { InputError, parseNodeFile } from "@filigree/sites";
import type { Metric } from "@filigree/tasks";
import { readText } from "../files.ts";
import type { Workbench } from "../workers/workbench.ts";
import { LoadedModel } from "./loaded-model.ts";
import { taskOf } from "./task-of.ts";

/** A task to score the model on; or a circuit's node file, and a task where it is not the file's own. */
export type ScorePiece = { readonly directory: string; readonly backend: BackendName } & (
  | { readonly task: string; readonly metric: Metric; readonly mayBeUnfit: boolean }
  | { readonly circuit: string; readonly task: string | undefined }
);

/** How well the model does a task, on its test split. */
export interface NamedScore {
  readonly name: string;
  readonly accuracy: number;
  readonly loss: number;
  /** Number of examples. */
  readonly n: number;
}

/** How well a circuit does alone, on the test split. */
export interface CircuitScore {
  readonly file: string;
  readonly task: string;
  readonly nodes: number;
  readonly edges: number;
  /** After scale and shift, which are fitted on the dev split. */
  readonly accuracy: number;
  readonly loss: number;
  /** Loss without scale and shift. */
  readonly uncalibrated: number;
  /** Loss of the whole model. */
  readonly model: number;
}

/** A built-in task that the vocabulary cannot express. */
export interface UnfitTask {
  readonly name: string;
  readonly unfit: string;
}

export type ScoreResult = { readonly task: NamedScore | UnfitTask } | { readonly circuit: CircuitScore };

/** Scores a model on tasks, and circuits of it, and keeps the model loaded. */
export class ScoresWorkbench implements Workbench<ScorePiece, ScoreResult, never> {
  readonly #loaded = new LoadedModel();

  async do(piece: ScorePiece): Promise<ScoreResult> {
    const model = await this.#loaded.get(piece.directory, piece.backend);
    if ("circuit" in piece) return { circuit: await scoreCircuit(model, piece.circuit, piece.task) };
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

async function scoreCircuit(model: Model, path: string, reference: string | undefined): Promise<CircuitScore> {
  const { circuitNodes, evaluateCircuit } = await import("@filigree/pruners");
  const file = parseNodeFile(await readText(path, "a node file"), path);
  if (file.model !== model.hash) {
    throw new InputError({
      what: "this is a circuit of another model",
      where: path,
      expected: `"model": "${model.hash}"`,
      hint: "prune this model, or name the model that the circuit was found in",
    });
  }
  const task = reference ?? file.task;
  const found = evaluateCircuit(model, await taskOf(model, task), circuitNodes(file));
  const { accuracy, loss } = found.calibrated.test;
  return {
    file: path,
    task,
    nodes: found.nodes,
    edges: found.edges.length,
    accuracy,
    loss,
    uncalibrated: found.uncalibrated.test.loss,
    model: found.model.test.loss,
  };
}
