import { disposeModel, formatNodeFile, seed as checkedSeed, type Model } from "@filigree/core";
import { pruneTask, type AblationKind, type PruneCheckpoint, type Pruner, type PruneResult } from "@filigree/pruners";
import type { Task } from "@filigree/tasks";
import { PLANTED_TARGET, plantedModel, type PlantedModel } from "./planted/planted-model.ts";
import type { CircuitShapeName } from "./planted/circuit-shapes.ts";
import { recorded, type Recording } from "./recorded.ts";

/** How a pruner is run. */
export interface Run {
  readonly pruner: Pruner;
  readonly options: unknown;
  readonly seed?: number;
  readonly target?: number;
  readonly ablation?: AblationKind;
  readonly budget?: number;
  /** Go on from this text, a stored checkpoint. */
  readonly resume?: string;
  readonly onStep?: () => void;
}

/** What a run left. */
export interface Outcome extends PruneResult, Recording {
  /** The node file. */
  readonly text: string;
  /** The checkpoint after each step, as it is stored. */
  readonly checkpoints: readonly string[];
  /** Work done up to the last step, in sequences run forward. */
  readonly used: number;
}

/** Runs a pruner to its end. */
export async function prune(model: Model, task: Task, run: Run): Promise<Outcome> {
  const checkpoints: string[] = [];
  const { pruner, recording } = recorded(run.pruner);
  const result = await start(model, task, { ...run, pruner }, new AbortController().signal, (_, checkpoint) => {
    checkpoints.push(checkpoint);
    run.onStep?.();
  });
  const last = JSON.parse(checkpoints.at(-1) ?? run.resume!) as PruneCheckpoint;
  return { ...result, ...recording, text: formatNodeFile(result.nodeFile), checkpoints, used: last.used };
}

/** Runs a pruner up to a step, and gives the checkpoint that it stopped with. */
export async function interrupt(model: Model, task: Task, run: Run, after: number): Promise<string> {
  const stop = new AbortController();
  let last = "";
  try {
    await start(model, task, run, stop.signal, (steps, checkpoint) => {
      last = checkpoint;
      if (steps === after) stop.abort();
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return last;
}

function start(
  model: Model,
  task: Task,
  { pruner, options, seed = 1, target = PLANTED_TARGET, ablation = "mean", budget, resume }: Run,
  signal: AbortSignal,
  onStep: (steps: number, checkpoint: string) => void,
): Promise<PruneResult> {
  return pruneTask(model, task, {
    pruner,
    options,
    target,
    ablation,
    signal,
    seed: checkedSeed(seed),
    ...(budget !== undefined && { budget }),
    ...(resume !== undefined && { resume: JSON.parse(resume) as PruneCheckpoint }),
    onProgress: ({ steps, checkpoint }) => onStep(steps, JSON.stringify(checkpoint())),
  });
}

/** Runs `work` with a planted model that is gone afterwards. */
export async function withPlanted<Result>(
  seed: number,
  shape: CircuitShapeName,
  work: (planted: PlantedModel) => Promise<Result>,
): Promise<Result> {
  const planted = await plantedModel(seed, shape);
  try {
    return await work(planted);
  } finally {
    disposeModel(planted.model);
  }
}
