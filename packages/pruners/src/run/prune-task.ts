import * as tf from "@tensorflow/tfjs-core";
import {
  checkPluginOptions,
  InputError,
  pluginFault,
  pluginId,
  type Model,
  type NodeFile,
  type Seed,
} from "@filigree/core";
import { evaluateTask, scoreAnswers, type Task } from "@filigree/tasks";
import type { Circuit } from "../circuit/circuit.ts";
import { openNodes } from "../circuit/mask.ts";
import { nodesOfEdges, openEdges } from "../circuit/model-graph.ts";
import { circuitFile } from "../circuit/node-file.ts";
import type { AblationKind, Pruner, PrunerContext, SteppingPruner } from "../contract/pruner.ts";
import { PRUNERS } from "../contract/registry.ts";
import { evaluateCircuit, type CircuitEvaluation } from "../evaluation/evaluate-circuit.ts";
import { learnedMask } from "../learned-mask/learned-mask.ts";
import { ablationOf, type Ablation } from "../masking/ablation.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { checkResumable, type PruneCheckpoint, type RunIdentity } from "./checkpoint.ts";
import { checkMask, createContext, fullBudget, type Budget } from "./context.ts";
import { PrunerError } from "./pruner-error.ts";
import { withThreshold } from "./scoring.ts";

export interface PruneOptions {
  readonly seed: Seed;
  /** `learned-mask`, where left out. */
  readonly pruner?: Pruner;
  /** The pruner's own options, checked by its schema. */
  readonly options?: unknown;
  /** The task loss that the circuit may have on the dev split, in nats. 0.15, where left out, as in the paper. */
  readonly target?: number;
  /** What everything outside the circuit shows: its mean over the training corpus, where left out. */
  readonly ablation?: AblationKind;
  /** Whether a model that misses the target itself is pruned all the same, as controls are. */
  readonly modelMayMiss?: boolean;
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

export const DEFAULT_TARGET = 0.15;

/**
 * Finds a circuit for a task and measures it afresh. Selection sees the dev split alone; test is only measured.
 *
 * @throws InputError where the model itself misses the target, an option is wrong, or `resume` is of another run; as
 *   BudgetError where the budget is too small for the pruner.
 * @throws PrunerError where the pruner fails.
 * @throws the signal's reason where it is aborted.
 */
export function pruneTask(model: Model, task: Task, settings: PruneOptions): Promise<PruneResult> {
  return pruneWithin(fullBudget(settings.budget), model, task, settings);
}

/** The same, with a budget whose use is looked at afterwards. */
export async function pruneWithin(
  budget: Budget,
  model: Model,
  task: Task,
  settings: PruneOptions,
): Promise<PruneResult> {
  const { seed, target = DEFAULT_TARGET, ablation = "mean", onProgress, resume } = settings;
  const pruner = inSteps(settings.pruner ?? learnedMask);
  const id = pluginId(pruner);
  const options = await checkPluginOptions(PRUNERS, pruner, settings.options);
  const signal = settings.signal ?? new AbortController().signal;
  checkTarget(target);
  if (!settings.modelMayMiss) checkModel(model, task, target);
  checkNeeded(model, task, target, ablationOf(ablation, task, "dev", seed));
  const run: RunIdentity = { pruner: id, options, model: model.hash, task: task.hash, target, ablation, seed };
  if (resume) checkResumable(resume, run);

  budget.used = resume?.used ?? 0;
  let figures: Record<string, number> = {};
  const log = (more: Readonly<Record<string, number>>) => Object.assign(figures, more);
  const ctx = createContext(model, task, { pruner: id, target, ablation, seed, budget, signal, log });

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
  const circuit = await finish(pruner, ctx, options, state);
  const evaluation = evaluateCircuit(model, task, circuit, { ablation, seed });
  const limit = settings.budget === undefined ? {} : { budget: settings.budget };
  const found = { pruner: id, options: options as Record<string, unknown>, seed, target, ...limit };
  return {
    nodeFile: circuitFile(model, task, circuit.nodes, ablation, evaluation, found),
    evaluation,
    reached: evaluation.uncalibrated.dev.loss <= target,
  };
}

function checkTarget(target: number): void {
  if (Number.isFinite(target) && target > 0) return;
  throw new InputError({ what: `${target} is not a target loss`, expected: "a number of nats above 0" });
}

function checkModel(model: Model, task: Task, target: number): void {
  const { loss, accuracy } = evaluateTask(model, task, { split: "dev" });
  if (loss <= target) return;
  throw new InputError({
    what: `the whole model has a loss of ${loss.toFixed(3)} nats on the task (accuracy ${(100 * accuracy).toFixed(1)} %)`,
    where: task.name,
    expected: `at most the target, ${target}`,
    hint: "a circuit is not expected to do better than its model: raise the target or take a better model",
  });
}

/** @throws InputError where the target asks for nothing: every circuit would do, and the empty one is no finding. */
function checkNeeded(model: Model, task: Task, target: number, ablation: Ablation): void {
  const examples = task.examples.filter(({ split }) => split === "dev");
  const { loss } = scoreAnswers(task, examples, maskedOutputs(model, { nodes: [] }, examples, ablation));
  if (loss > target) return;
  throw new InputError({
    what: `with every node ablated the loss is ${loss.toFixed(3)} nats, within the target of ${target}`,
    where: task.name,
    hint: "lower the target: a circuit that may do so badly need not have a single node",
  });
}

/** A pruner that only scores, with the steps that make a circuit of its scores. */
function inSteps(pruner: Pruner): SteppingPruner {
  if (!("score" in pruner)) return pruner;
  return withThreshold(pruner) as SteppingPruner;
}

async function finish(pruner: SteppingPruner, ctx: PrunerContext, options: unknown, state: unknown): Promise<Circuit> {
  const mask = await hook(pruner, "finish", () => pruner.finish(ctx, options, state));
  const id = pluginId(pruner);
  checkMask(mask, ctx.graph, id);
  for (const [site, gates] of mask instanceof Float32Array ? [["an edge", mask] as const] : mask) {
    const between = gates.find((gate) => gate !== 0 && gate !== 1);
    if (between !== undefined) throw new PrunerError(id, `ends with a gate of ${between} in ${site}: 0 or 1 expected.`);
  }
  if (!(mask instanceof Float32Array)) return { nodes: openNodes(mask) };
  return { nodes: openNodes(nodesOfEdges(ctx.graph, mask)), edges: openEdges(ctx.graph, mask) };
}

/** Runs a part of the pruner; what it throws is reported as its own error. */
async function hook<Result>(
  pruner: SteppingPruner,
  name: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw pluginFault(PRUNERS, pluginId(pruner), `failed in ${name}`, error);
  }
}
