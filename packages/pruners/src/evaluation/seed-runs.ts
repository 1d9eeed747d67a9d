import { seed as seedOf, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { circuitNodes } from "../circuit/node-file.ts";
import { pruneTask, type PruneProgress } from "../run/prune-task.ts";
import type { ControlRunSettings } from "./control-runs.ts";
import { measureStability, type ComparedCircuit, type Stability } from "./stability.ts";

/** What one seed led to. */
export interface SeedRun {
  readonly seed: number;
  readonly nodes: number;
  readonly edges: number;
  /** Losses without scale and shift. */
  readonly dev: number;
  readonly test: number;
  readonly reached: boolean;
}

export interface SeedRuns {
  readonly runs: readonly SeedRun[];
  /** Of the circuits of all runs, and of the one that they are compared with, where there is one. */
  readonly stability: Stability;
}

export interface SeedRunSettings extends Omit<ControlRunSettings, "onProgress"> {
  /** How many more seeds: those after `seed`. */
  readonly count: number;
  /** A circuit that was found before. */
  readonly beside?: ComparedCircuit;
  /** @param run counted from 0 */
  readonly onProgress?: (run: number, progress: PruneProgress) => void;
}

/**
 * Finds a task's circuit again with other seeds, and compares what is found.
 *
 * @throws InputError and PrunerError as `pruneTask` does
 */
export async function runSeeds(
  model: Model,
  task: Task,
  { count, beside, onProgress, ...settings }: SeedRunSettings,
): Promise<SeedRuns> {
  const runs: SeedRun[] = [];
  const circuits: ComparedCircuit[] = beside ? [beside] : [];
  for (let run = 0; run < count; run++) {
    const seed = seedOf(settings.seed + 1 + run);
    const { nodeFile, evaluation, reached } = await pruneTask(model, task, {
      ...settings,
      seed,
      modelMayMiss: true,
      onProgress: (progress) => onProgress?.(run, progress),
    });
    const { nodes, edges, uncalibrated } = evaluation;
    circuits.push({ nodes: circuitNodes(nodeFile), edges });
    runs.push({
      seed,
      nodes,
      edges: edges.length,
      reached,
      dev: uncalibrated.dev.loss,
      test: uncalibrated.test.loss,
    });
  }
  return { runs, stability: measureStability(circuits) };
}
