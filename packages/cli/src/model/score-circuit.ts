import type { Model } from "@filigree/core";
import type { AblationKind, Circuit, CircuitAssessment, ControlRun, ControlVerdict, SeedRuns } from "@filigree/pruners";
import { InputError, parseNodeFile, type NodeFile, type NodeFileEdge, type NodeId } from "@filigree/sites";
import type { Task } from "@filigree/tasks";
import { readText } from "../files.ts";
import { percent } from "../render/numbers.ts";
import { located } from "./located.ts";
import { taskOf } from "./task-of.ts";

/** How circuits are measured. */
export interface CircuitSettings {
  /** What is shown outside a circuit; what its file says, where left out. */
  readonly ablation?: AblationKind;
  readonly seed: number;
  /** Whether a circuit of another model is measured all the same. */
  readonly force: boolean;
  /** Whether its pruner is also run where there is nothing to find. */
  readonly controls: boolean;
  /** With how many more seeds it is looked for. */
  readonly seeds: number;
  /** The pruner of these runs; that of the file, where left out. */
  readonly pruner?: string;
  /** The loss that circuits are asked for in these runs; the circuit's own dev loss, where left out. */
  readonly target?: number;
  /** The most work that each of these runs may do, in sequences run forward. */
  readonly budget?: number;
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
  readonly assessment: Omit<CircuitAssessment, "evaluation"> & {
    readonly dev: number;
    /** How many weights between its nodes are not zero, in the circuit or not. */
    readonly edgesBetween: number;
  };
  readonly controls?: readonly ControlRun[];
  readonly seeds?: SeedRuns;
  readonly verdict: ControlVerdict;
}

/** A score, and what it is the score of. */
export interface ScoredCircuit {
  readonly circuit: CircuitScore;
  readonly members: { readonly nodes: readonly NodeId[]; readonly edges: readonly NodeFileEdge[] };
  /** What a person should know, a sentence each. */
  readonly notes: readonly string[];
}

export interface CircuitWatch {
  onNews(news: string): void;
  readonly signal?: AbortSignal;
}

/**
 * Measures the circuit of a node file in every way.
 *
 * @param reference a task, where it is not the one that the file names
 * @throws InputError for a damaged file, a circuit of another model, an empty one, and an unknown pruner.
 */
export async function scoreCircuit(
  model: Model,
  path: string,
  reference: string | undefined,
  settings: CircuitSettings,
  watch: CircuitWatch,
): Promise<ScoredCircuit> {
  const { assessCircuit, circuitEdges, circuitNodes, circuitOfFile, compareWithControls } =
    await import("@filigree/pruners");
  const { seed } = await import("@filigree/core");
  const file = settings.force ? await nodeFile(path) : await nodeFileOf(model.hash, path);
  const own = file.model === model.hash;
  const notes = own ? [] : [foreignNote(file, path)];
  const circuit: Circuit = own ? circuitOfFile(file) : { nodes: circuitNodes(file) };
  const task = await taskOf(model, reference ?? file.task);
  if (![task.name, reference ?? file.task].includes(file.task))
    notes.push(`${path} was found for the task ${file.task}, not for ${task.name}`);
  const ablation = settings.ablation ?? file.ablation.kind;
  const { evaluation, ...assessment } = await located(path, () =>
    assessCircuit(model, task, circuit, {
      seed: seed(settings.seed),
      ablation,
      ...(watch.signal && { signal: watch.signal }),
      onProgress: ({ what, share }) => watch.onNews(`${path}: ${what} ${percent(share)}`),
    }),
  );
  const { calibrated, uncalibrated, nodes, edges } = evaluation;
  const members = { nodes: circuit.nodes, edges };
  const target = settings.target ?? uncalibrated.dev.loss;
  const runs = await moreRuns(model, task, { file, path, members, ablation, target }, settings, watch);
  const score: CircuitScore = {
    file: path,
    task: reference ?? file.task,
    nodes,
    edges: edges.length,
    accuracy: calibrated.test.accuracy,
    loss: calibrated.test.loss,
    uncalibrated: uncalibrated.test.loss,
    model: evaluation.model.test.loss,
    assessment: {
      dev: calibrated.dev.loss,
      edgesBetween: circuitEdges(model, circuit.nodes).length,
      ...assessment,
    },
    ...runs,
    verdict: compareWithControls({ evaluation, random: assessment.random }, runs.controls),
  };
  return { circuit: score, members, notes };
}

async function nodeFile(path: string): Promise<NodeFile> {
  return parseNodeFile(await readText(path, "a node file"), path);
}

function foreignNote({ model }: NodeFile, path: string): string {
  return `${path} was found in another model, ${model}: its nodes are measured with the weights of this one`;
}

/**
 * A node file that is a circuit of the model with that hash.
 *
 * @throws InputError for a damaged file, and a circuit of another model
 */
export async function nodeFileOf(hash: string, path: string): Promise<NodeFile> {
  const file = await nodeFile(path);
  if (file.model === hash) return file;
  throw new InputError({
    what: `this is a circuit of another model, ${file.model}`,
    where: path,
    expected: `"model": "${hash}"`,
    hint: "prune this model, or name the model that the circuit was found in; --force measures it all the same",
  });
}

interface Found {
  readonly file: NodeFile;
  readonly path: string;
  readonly members: ScoredCircuit["members"];
  readonly ablation: AblationKind;
  readonly target: number;
}

/** Runs of the circuit's pruner: where there is nothing to find, and with other seeds. */
async function moreRuns(
  model: Model,
  task: Task,
  { file, path, members, ablation, target }: Found,
  settings: CircuitSettings,
  { onNews, signal }: CircuitWatch,
): Promise<Pick<CircuitScore, "controls" | "seeds">> {
  if (!settings.controls && settings.seeds === 0) return {};
  const { choosePruner, runControls, runSeeds } = await import("@filigree/pruners");
  const { seed } = await import("@filigree/core");
  const [foundBy] = file.found.pruner.split("@");
  const name = settings.pruner ?? foundBy!;
  const pruner = await located(path, () => choosePruner(name, process.cwd()));
  const run = {
    pruner,
    ...(pruner.name === foundBy && { options: file.found.options }),
    ablation,
    target,
    ...(settings.budget !== undefined && { budget: settings.budget }),
    ...(signal && { signal }),
  };
  const controls =
    settings.controls &&
    (await runControls(model, task, {
      ...run,
      seed: seed(settings.seed),
      onProgress: (control, { progress }) => onNews(`${path}: control ${control} ${percent(progress)}`),
    }));
  const seeds =
    settings.seeds > 0 &&
    (await runSeeds(model, task, {
      ...run,
      seed: seed(file.found.seed),
      count: settings.seeds,
      beside: members,
      onProgress: (i, { progress }) => onNews(`${path}: seed ${i + 1} of ${settings.seeds} ${percent(progress)}`),
    }));
  return { ...(controls && { controls }), ...(seeds && { seeds }) };
}
