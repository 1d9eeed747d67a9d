import type { Model } from "@filigree/core";
import type { PruneCheckpoint, PruneProgress, PruneResult } from "@filigree/pruners";
import { JsonValue } from "@filigree/sites";
import type { Task } from "@filigree/tasks";
import { readText } from "../files.ts";
import { Interrupted } from "../interrupted.ts";

export interface ResumableRun {
  /** The node file that the run is to write; an interrupted run leaves its state beside it. */
  readonly out?: string;
  readonly target: number;
  readonly pruner: string;
  /** Options of the pruner, by name. */
  readonly set: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly resume?: true;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PruneProgress) => void;
}

/** Where an interrupted run leaves its state. */
export function stateFile(out: string): string {
  return `${out}.state.json`;
}

/**
 * Prunes; when the signal fires, stores the state after the last step.
 *
 * @throws Interrupted when the signal fired.
 * @throws InputError for an unknown pruner, a model that misses the target, and a state of another run.
 */
export async function pruneResumably(model: Model, task: Task, run: ResumableRun): Promise<PruneResult> {
  const { seed, writeFileAtomically } = await import("@filigree/core");
  const { findPruner, pruneTask } = await import("@filigree/pruners");
  const { out, target, signal } = run;
  const resume = run.resume && out !== undefined ? await readState(stateFile(out)) : undefined;
  let last: PruneProgress | undefined;
  try {
    return await pruneTask(model, task, {
      pruner: findPruner(run.pruner),
      options: run.set,
      target,
      seed: seed(run.seed),
      signal,
      ...(resume && { resume }),
      onProgress: (progress) => {
        last = progress;
        run.onProgress(progress);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!last || out === undefined) throw new Interrupted("nothing was written; the same command starts again");
    await writeFileAtomically(stateFile(out), `${JSON.stringify(last.checkpoint())}\n`);
    throw new Interrupted(
      `the state after step ${last.steps} is in ${stateFile(out)}\n  go on with the same command and --resume`,
    );
  }
}

async function readState(path: string): Promise<PruneCheckpoint> {
  return JsonValue.parse(await readText(path, "the state of an interrupted run"), path).any() as PruneCheckpoint;
}
