import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, InputError, type Model, type NodeFile, type NodeId, type Seed } from "@filigree/core";
import { evaluateTask, type Task } from "@filigree/tasks";
import { openNodes } from "../circuit/mask.ts";
import { circuitFile } from "../circuit/node-file.ts";
import type { Pruner, PrunerContext } from "../contract/pruner.ts";
import { evaluateCircuit, type CircuitEvaluation } from "../evaluation/evaluate-circuit.ts";
import { learnedMask } from "../learned-mask/learned-mask.ts";
import { checkResumable, type PruneCheckpoint, type RunIdentity } from "./checkpoint.ts";
import { checkMask, createContext, type Budget } from "./context.ts";
import { PrunerError } from "./pruner-error.ts";

export interface PruneOptions {
  readonly seed: Seed;
  /** `learned-mask`, where left out. */
  readonly pruner?: Pruner;
  /** The pruner's own options, checked by its schema. */
  readonly options?: unknown;
  /** The task loss that the circuit may have on the dev split, in nats. 0.15, where left out, as in the paper. */
  readonly target?: number;
  /** The most work that the pruner may do, in sequences run forward; a gradient counts three times. */
  readonly budget?: number;
  /** Called after each step. Take a checkpoint from it now and then: an interrupted run goes on from the last one. */
  readonly onProgress?: (progress: PruneProgress) => void;
  readonly signal?: AbortSignal;
  readonly resume?: PruneCheckpoint;
}

export interface PruneProgress {
  readonly steps: number;
  /** Share of the work done, 0 to 1, as well as the pruner can tell. */
  readonly progress: number;
  /** What the pruner logged in this step. */
  readonly figures: Readonly<Record<string, number>>;
  checkpoint(): PruneCheckpoint;
}

export interface PruneResult {
  readonly nodeFile: NodeFile;
  readonly evaluation: CircuitEvaluation;
  /** Whether the uncalibrated circuit has the target loss on the dev split. */
  readonly reached: boolean;
}

const DEFAULT_TARGET = 0.15;

/**
 * Finds a circuit for a task and measures it afresh. Selection sees the dev split alone; test is only measured.
 *
 * @throws InputError where the model itself misses the target, an option is wrong, or `resume` is of another run.
 * @throws PrunerError where the pruner fails.
 * @throws the signal's reason where it is aborted.
 */
export async function pruneTask(model: Model, task: Task, settings: PruneOptions): Promise<PruneResult> {
  const { seed, pruner = learnedMask, target = DEFAULT_TARGET, onProgress, resume } = settings;
  const id = `${pruner.name}@${pruner.version}`;
  const options = await checkOptions(pruner.options, settings.options, id);
  const signal = settings.signal ?? new AbortController().signal;
  checkTarget(model, task, target);
  const run: RunIdentity = { pruner: id, options, model: model.hash, task: task.hash, target, seed };
  if (resume) checkResumable(resume, run);

  const budget: Budget = { total: settings.budget ?? Infinity, used: resume?.used ?? 0 };
  let figures: Record<string, number> = {};
  const log = (more: Readonly<Record<string, number>>) => Object.assign(figures, more);
  const ctx = createContext(model, task, { pruner: id, target, seed, budget, signal, log });

  let done = resume?.done ?? false;
  let state = resume ? resume.state : await hook(pruner, "init", () => pruner.init(ctx, options));
  for (let steps = resume?.steps ?? 0; !done;) {
    signal.throwIfAborted();
    figures = {};
    const before = state;
    const result = await hook(pruner, "step", () => pruner.step(ctx, options, before));
    ({ state, done } = result);
    steps++;
    const now = { steps, used: budget.used, done, state };
    onProgress?.({
      steps,
      progress: result.progress,
      figures,
      checkpoint: () => structuredClone({ format: "filigree.pruning/1", ...run, ...now }),
    });
    // Lets signals and timers have their turn.
    await tf.nextFrame();
  }
  const nodes = await finish(pruner, ctx, options, state);
  const evaluation = evaluateCircuit(model, task, nodes);
  const found = { pruner: id, options: options as Record<string, unknown>, seed };
  return {
    nodeFile: circuitFile(model, task, nodes, evaluation, found),
    evaluation,
    reached: evaluation.uncalibrated.dev.loss <= target,
  };
}

function checkTarget(model: Model, task: Task, target: number): void {
  if (!(Number.isFinite(target) && target > 0)) {
    throw new InputError({ what: `${target} is not a target loss`, expected: "a number of nats above 0" });
  }
  const { loss, accuracy } = evaluateTask(model, task, { split: "dev" });
  if (loss <= target) return;
  throw new InputError({
    what: `the whole model has a loss of ${loss.toFixed(3)} nats on the task (accuracy ${(100 * accuracy).toFixed(1)} %)`,
    where: task.name,
    expected: `at most the target, ${target}`,
    hint: "a circuit is not expected to do better than its model: raise the target or take a better model",
  });
}

async function finish(pruner: Pruner, ctx: PrunerContext, options: unknown, state: unknown): Promise<NodeId[]> {
  const mask = await hook(pruner, "finish", () => pruner.finish(ctx, options, state));
  const id = `${pruner.name}@${pruner.version}`;
  checkMask(mask, ctx.sites, id);
  for (const [site, gates] of mask) {
    const between = gates.find((gate) => gate !== 0 && gate !== 1);
    if (between !== undefined) throw new PrunerError(id, `ends with a gate of ${between} in ${site}: 0 or 1 expected.`);
  }
  return openNodes(mask);
}

/** Runs a part of the pruner; what it throws is reported as its own error. */
async function hook<Result>(pruner: Pruner, name: string, run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const known = error instanceof InputError || error instanceof PrunerError;
    if (known || (error as Error | null)?.name === "AbortError") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PrunerError(`${pruner.name}@${pruner.version}`, `failed in ${name}: ${reason}`, error);
  }
}
