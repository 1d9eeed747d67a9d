import { InputError, parseNodeFile } from "@filigree/sites";
import type { Model } from "@filigree/core";
import { readText } from "../files.ts";
import { taskOf } from "./task-of.ts";
import { withModel } from "./with-model.ts";

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

export interface Scores {
  readonly tasks: readonly NamedScore[];
  readonly circuits: readonly CircuitScore[];
  /** Built-in tasks that the vocabulary cannot express. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Scores a checkpoint on a task, or on every built-in one, and circuits of it beside it.
 *
 * @throws InputError for a faulty checkpoint, task or node file, and for circuits of another model.
 */
export function evaluate(
  directory: string,
  task: string | undefined,
  circuits: readonly string[],
  onProgress: (text: string) => void,
): Promise<Scores> {
  return withModel(directory, "wasm", async (model) => {
    const files = await Promise.all(circuits.map((path) => readCircuit(path, model)));
    const scored = await scoreTasks(model, task, onProgress);
    const { circuitNodes, evaluateCircuit } = await import("@filigree/pruners");
    const rows: CircuitScore[] = [];
    for (const { path, file } of files) {
      onProgress(`circuit ${rows.length + 1} of ${files.length}: ${path}`);
      const name = task ?? file.task;
      const {
        nodes,
        edges,
        calibrated,
        uncalibrated,
        model: whole,
      } = evaluateCircuit(model, await taskOf(model, name), circuitNodes(file));
      const { accuracy, loss } = calibrated.test;
      rows.push({
        file: path,
        task: name,
        nodes,
        edges: edges.length,
        accuracy,
        loss,
        uncalibrated: uncalibrated.test.loss,
        model: whole.test.loss,
      });
    }
    return { ...scored, circuits: rows };
  });
}

async function readCircuit(path: string, model: Model) {
  const file = parseNodeFile(await readText(path, "a node file"), path);
  if (file.model === model.hash) return { path, file };
  throw new InputError({
    what: "this is a circuit of another model",
    where: path,
    expected: `"model": "${model.hash}"`,
    hint: "prune this model, or name the model that the circuit was found in",
  });
}

async function scoreTasks(model: Model, only: string | undefined, onProgress: (text: string) => void) {
  const { evaluateTask, listTasks } = await import("@filigree/tasks");
  const names = only === undefined ? listTasks().map(({ name }) => name) : [only];
  const tasks: NamedScore[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const name of names) {
    onProgress(`task ${name}`);
    try {
      const task = await taskOf(model, name);
      tasks.push({ name: task.name, ...evaluateTask(model, task, { split: "test" }) });
    } catch (error) {
      if (only !== undefined || !(error instanceof InputError)) throw error;
      skipped.push({ name, why: error.what });
    }
  }
  return { tasks, skipped };
}
